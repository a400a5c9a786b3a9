"""Every fault shows in the registers as the product guides say, and ends with a reset."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pynq
import pytest
from client import KERNELS
from pynq import allocate

from nibblestream import spec
from nibblestream.backends import virtual
from nibblestream.backends.virtual import faults
from nibblestream.geometry import DEFAULT
from nibblestream.network import code_stream

BLOCK = 3 * spec.BINS  # beats
RUNNING, IDLE, HALTED = 0x0000, 0x1002, 0x0001
INTERNAL, SLAVE, DECODE = 0x4011, 0x4021, 0x4041
DONE, BUSY = 0b1110, 0b0001


class Seen(NamedTuple):
    """DMASR of S2MM, of MM2S of spectra and of codes; CTRL of the kernels in the order of data."""

    s2mm: int = IDLE
    spectra: int = IDLE
    codes: int = IDLE
    vectoring: int = DONE
    lut_mac: int = DONE
    rotation: int = DONE


NOTHING_OUT = Seen(s2mm=RUNNING, lut_mac=BUSY, rotation=BUSY)
NOTHING_IN = Seen(RUNNING, RUNNING, IDLE, BUSY, BUSY, BUSY)

FAULTS = {
    "nothing": (None, Seen()),
    "spectra stall": (faults.Stall(stream="spectrum", after=5), NOTHING_IN._replace(codes=RUNNING)),
    "codes stall": (faults.Stall(stream="codes", after=9), NOTHING_OUT._replace(codes=RUNNING)),
    "magnitudes stall": (
        faults.Stall(stream="magnitude", after=50),
        NOTHING_IN._replace(codes=RUNNING),
    ),
    "polar stalls": (faults.Stall(stream="polar", after=9), NOTHING_OUT),
    "network stalls": (faults.Stall(stream="network", after=9), NOTHING_OUT),
    "network stalls late": (
        faults.Stall(stream="network", after=BLOCK - 1),
        NOTHING_OUT._replace(lut_mac=DONE),
    ),
    "enhanced stalls": (faults.Stall(stream="enhanced"), NOTHING_OUT),
    "short packet": (faults.ShortPacket(beats=7), Seen()),
    "overrun": (faults.Overrun(beats=1), Seen(s2mm=INTERNAL)),
    "long overrun": (faults.Overrun(beats=99), Seen(s2mm=INTERNAL, rotation=BUSY)),
    "no TLAST": (faults.NoLast(), Seen(s2mm=RUNNING)),
    "spectra decode": (
        faults.DmaError(dma="dma_spectra", channel="mm2s", kind="decode"),
        NOTHING_IN._replace(spectra=DECODE, codes=RUNNING),
    ),
    "spectra slave": (
        faults.DmaError(dma="dma_spectra", channel="mm2s", kind="slave"),
        NOTHING_IN._replace(spectra=SLAVE, codes=RUNNING),
    ),
    "codes decode": (
        faults.DmaError(dma="dma_codes", channel="mm2s", kind="decode"),
        NOTHING_IN._replace(codes=DECODE),
    ),
    "codes internal": (
        faults.DmaError(dma="dma_codes", channel="mm2s", kind="internal"),
        NOTHING_IN._replace(codes=INTERNAL),
    ),
    "S2MM slave": (
        faults.DmaError(dma="dma_spectra", channel="s2mm", kind="slave"),
        NOTHING_OUT._replace(s2mm=SLAVE),
    ),
    "vectoring hangs": (
        faults.NeverDone(kernel="cordic_vectoring"),
        NOTHING_IN._replace(codes=RUNNING),
    ),
    "lut_mac hangs": (faults.NeverDone(kernel="lut_mac"), NOTHING_IN._replace(codes=RUNNING)),
    "rotation hangs": (faults.NeverDone(kernel="cordic_rotation"), NOTHING_OUT),
    "codes flipped": (faults.FlipBit(dma="dma_codes", bit=12345), Seen()),
    "magic flipped": (faults.FlipBit(dma="dma_codes", bit=0), Seen()),
    "spectra flipped": (faults.FlipBit(dma="dma_spectra", bit=999), Seen()),
    "enhanced flipped": (faults.FlipBit(dma="dma_spectra", channel="s2mm", bit=999), Seen()),
    "wrong identity": (faults.WrongIdentity(times=1, value=0x4E42_0000), Seen()),
    "miscount": (faults.Miscount(slot=0), Seen()),
}


def seen(client) -> Seen:
    return Seen(
        client.status(),
        client.status("dma_spectra", "mm2s"),
        client.status("dma_codes", "mm2s"),
        *(getattr(client.overlay, name).read(0) for name in KERNELS),
    )


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_shows_in_the_registers_and_a_reset_mends_it(connect, spectrum, expected, case):
    fault, registers = FAULTS[case]
    client = connect(*([fault] if fault else []))
    client.begin(spectrum)
    client.later()
    assert seen(client) == registers
    client.recover()
    client.codes.flush()  # what was flipped in memory stays so
    np.testing.assert_array_equal(client.block(spectrum), expected)
    assert client.device.violations == []


def test_a_fault_strikes_as_often_as_it_is_told(connect, spectrum, expected):
    client = connect(faults.ShortPacket(times=2, beats=1))
    for size in (8, 8, spectrum.nbytes):
        client.block(spectrum)
        assert client.spectra.recvchannel.transferred == size
        client.bank, client.fresh = 0, 1
    client.device.faults.add(faults.ShortPacket(times=None, beats=2))
    for _ in range(5):
        client.block(spectrum)
        assert client.spectra.recvchannel.transferred == 16
    client.device.faults.clear()
    client.bank, client.fresh = 0, 1
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_flipped_bits_show_in_the_digests(connect, spectrum, expected):
    client = connect()
    good = [code_stream.digest(np.array(client.codes))]
    good += [code_stream.digest(a.view("<u8").reshape(-1)) for a in (spectrum, expected)]
    for dma, bit, right in (
        ("dma_codes", 12345, (False, True, None)),
        ("dma_spectra", 999, (True, False, None)),
    ):
        client.codes.flush()
        client.device.faults.add(faults.FlipBit(dma=dma, bit=bit))
        client.bank, client.fresh = 0, 1
        client.block(spectrum)
        digests = [int(client.kernel(name).digest) for name in ("lut_mac", "cordic_vectoring")]
        assert [a == b for a, b in zip(digests, good, strict=False)] == list(right[:2])
    client.device.faults.add(faults.FlipBit(dma="dma_spectra", channel="s2mm", bit=999))
    client.bank, client.fresh = 0, 1
    client.codes.flush()
    clean = client.block(spectrum)
    assert int(client.kernel("cordic_rotation").digest) == good[2]
    assert np.unpackbits((clean ^ expected).view(np.uint8), bitorder="little").nonzero()[0] == 999


def test_a_flipped_header_is_refused_with_zeros(connect, spectrum):
    client = connect(faults.FlipBit(dma="dma_codes", bit=3))
    assert not client.block(spectrum).any()
    assert int(client.kernel("lut_mac").digest) == 0


def test_a_flipped_bit_stays_in_memory_until_it_is_written_again(connect, spectrum, expected):
    client = connect(faults.FlipBit(dma="dma_codes", bit=3))
    client.block(spectrum)
    client.recover()
    client.codes.coherent = True  # which has pynq's DMA driver not flush it
    client.bank, client.fresh = 0, 1
    assert not client.block(spectrum).any()
    client.codes.coherent = False
    client.bank, client.fresh = 0, 1
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_another_version_shows_in_the_identity(connect):
    client = connect(faults.WrongIdentity(value=0x4E42_FFFF))
    client.configure(0)
    client.start()
    client.later()
    found = [int(client.kernel(name).identity) for name in KERNELS]
    assert found == [DEFAULT.identity, 0x4E42_FFFF, DEFAULT.identity]


def test_an_allocation_fails(switch_on):
    switch_on(faults.AllocationFailure(times=2))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="allocation failed"):
            allocate((8,), "u1")
    allocate((8,), "u1").freebuffer()


def test_a_clock_that_cannot_be_set(connect):
    client = connect(faults.WrongClock(mhz=62.5))
    assert pynq.Clocks.fclk0_mhz == pytest.approx(62.5, rel=1e-4)
    pynq.Clocks.fclk0_mhz = client.device.board.clock_mhz / 2
    assert pynq.Clocks.fclk0_mhz == pytest.approx(62.5, rel=1e-4)


def test_an_error_halts_the_channel_and_only_a_reset_of_the_dma_starts_it_again(connect, spectrum):
    error = faults.DmaError(dma="dma_spectra", channel="s2mm", kind="slave")
    client = connect(error, timing=virtual.Timing(latency=1e-3))
    client.begin(spectrum)
    assert client.status() == RUNNING  # an error takes the memory's latency
    client.later()
    assert client.spectra.read(0x30) & 1 == 0
    client.spectra.write(0x30, 1)
    assert client.status() == SLAVE
    client.spectra.write(0x34, 0x7000)
    assert client.status() == SLAVE & ~0x4000
    client.spectra.write(0x00, 4)  # of MM2S, but it is one DMA
    assert client.status() == HALTED
    assert client.status("dma_spectra", "mm2s") == HALTED


def test_a_dma_reset_drops_what_was_under_way(connect, spectrum, expected):
    client = connect(timing=virtual.Timing(access=1e-6))
    client.block(spectrum)
    client.bank, client.fresh = 0, 1
    client.clean[:] = 0
    client.clean.flush()
    client.begin(spectrum)
    client.recover()
    client.later()
    client.clean.invalidate()
    assert not client.clean.any()
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_kernels_held_in_reset_do_not_answer(connect):
    client = connect()
    client.overlay.kernel_reset.write(0, 0)
    with pytest.raises(virtual.BusError, match=r"lut_mac was accessed at .* while held in reset"):
        client.overlay.lut_mac.read(0)
    client.overlay.kernel_reset.write(0, 1)
    assert client.overlay.lut_mac.read(0) == 0b0100
