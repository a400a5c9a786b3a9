"""The virtual board under the real pynq package: blocks run, and misuse shows as on a board."""

from __future__ import annotations

import os

import handoffs
import numpy as np
import pynq
import pytest
from client import BOARDS, KERNELS, Client
from pynq import Overlay, allocate
from pynq.lib.dma import DMA
from pynq.pl_server.device import Device

from networks import random_model, random_spectrum
from nibblestream import spec
from nibblestream.backends import virtual
from nibblestream.backends.virtual.memory import DecodeError
from nibblestream.backends.virtual.wiring import STREAMS
from nibblestream.geometry import DEFAULT
from nibblestream.network import code_stream
from nibblestream.speech.pipeline import Pipeline


# --- blocks ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("cacheable", [0, 1])
def test_blocks_equal_the_emulation(switch_on, model, rng, name, cacheable):
    device = switch_on(name=name)
    client = Client(device, model, cacheable=cacheable)
    emulation = Pipeline(model)
    for frames in (32, 1, 9, 8):
        spectrum = random_spectrum(rng, frames)
        clean = client.block(spectrum)
        np.testing.assert_array_equal(clean, emulation.process(spectrum))
        assert client.spectra.recvchannel.transferred == clean.nbytes
        registers = client.kernel("lut_mac")
        assert int(registers.digest) == code_stream.digest(np.array(client.codes))
        assert int(registers.identity) == DEFAULT.identity
        as_beats = [array.view("<u8").reshape(-1) for array in (spectrum, clean)]
        for kernel, beats in zip(("cordic_vectoring", "cordic_rotation"), as_beats, strict=True):
            assert int(client.kernel(kernel).digest) == code_stream.digest(beats)
    assert device.violations == []


@pytest.mark.parametrize(
    "scheme", [{"bits": 8, "scheme": "u"}, {"scheme": ["rs-vbs", "u"], "bits": [4, 8]}]
)
def test_other_code_widths_run(switch_on, rng, scheme):
    model = random_model(rng, **scheme)
    spectrum = random_spectrum(rng, 5)
    clean = Client(switch_on(), model).block(spectrum)
    np.testing.assert_array_equal(clean, Pipeline(model).process(spectrum))


def test_a_block_repeated_from_the_same_bank_repeats_itself(connect, expected, spectrum):
    client = connect()
    np.testing.assert_array_equal(client.block(spectrum), expected)
    second = client.block(spectrum)
    client.bank = 1 - client.bank
    np.testing.assert_array_equal(client.block(spectrum), second)
    assert not np.array_equal(second, expected)


def test_parts_may_be_started_in_any_order(connect, expected, spectrum):
    client = connect()
    client.noisy[: len(spectrum)] = spectrum
    client.configure(len(spectrum))
    client.code_dma.sendchannel.transfer(client.codes)
    client.start("cordic_rotation")
    client.start("cordic_vectoring")
    client.spectra.sendchannel.transfer(client.noisy, nbytes=spectrum.nbytes)
    client.start("lut_mac")
    client.later()
    assert client.status("dma_spectra", "mm2s") & 2
    assert not client.overlay.cordic_rotation.read(0) & 2  # nobody takes what it has to give
    client.spectra.recvchannel.transfer(client.clean, nbytes=spectrum.nbytes)
    client.wait()
    np.testing.assert_array_equal(client.clean[: len(spectrum)], expected)


@pytest.mark.parametrize(
    ("missing", "idle"),
    [
        # What is done although one kernel was not started: MM2S spectra, MM2S codes, and kernels.
        ("cordic_vectoring", (False, False, set())),
        ("lut_mac", (False, False, set())),
        ("cordic_rotation", (True, True, {"cordic_vectoring"})),
    ],
)
def test_what_is_done_if_a_kernel_was_not_started(connect, spectrum, missing, idle):
    client = connect()
    client.configure(len(spectrum))
    client.start(*(name for name in KERNELS if name != missing))
    client.transfer(len(spectrum))
    client.later()
    done = {name for name in KERNELS if getattr(client.overlay, name).read(0) & 2}
    found = (
        bool(client.status("dma_spectra", "mm2s") & 2),
        bool(client.status("dma_codes", "mm2s") & 2),
        done,
    )
    assert found == idle
    assert client.status() == 0  # running, not idle


# --- beats too few or too many ------------------------------------------------------------------
def test_too_few_codes_stop_lut_mac_and_all_behind_it(connect, spectrum):
    client = connect()
    client.noisy[: len(spectrum)] = spectrum
    client.configure(len(spectrum), beats=len(client.codes) + 1)
    client.start()
    client.transfer(len(spectrum))
    client.later()
    assert client.status("dma_codes", "mm2s") & 2
    assert client.overlay.lut_mac.read(0) & 7 == 1
    assert client.overlay.cordic_rotation.read(0) & 7 == 1
    assert client.status() == 0


def test_codes_too_many_stay_in_the_stream_until_the_reset(connect, expected, spectrum):
    client = connect()
    client.noisy[: len(spectrum)] = spectrum
    client.configure(len(spectrum), beats=len(client.codes) - 10)
    client.start()
    client.transfer(len(spectrum))
    client.later()
    assert int(client.kernel("lut_mac").digest) == 0
    assert not client.clean.any()
    assert not client.status("dma_codes", "mm2s") & 2
    client.recover()
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_a_longer_frame_count_in_one_kernel_spoils_the_next_block(connect, expected, spectrum):
    client = connect()
    client.noisy[:3] = spectrum
    client.configure(3)
    client.kernel("lut_mac").frames = client.kernel("cordic_rotation").frames = 2
    client.start()
    client.transfer(3)
    client.later()
    assert client.spectra.read(0x58) == 2 * spec.BINS * 8
    client.overlay.kernel_reset.write(0, 1)  # no change, so no reset
    client.spectra.write(0x00, 4)
    client.spectra.set_up_tx_channel()
    client.spectra.set_up_rx_channel()
    client.configure(3)
    client.start()
    client.transfer(3)
    client.later()
    client.clean.invalidate()
    assert not np.array_equal(client.clean[:3], expected)
    client.recover()
    client.fresh = 1
    np.testing.assert_array_equal(client.block(spectrum), expected)


@pytest.mark.parametrize("frames", [0, 33, 255])
def test_a_call_for_no_block_only_identifies_the_kernels(connect, frames):
    client = connect()
    client.configure(frames)
    client.start()
    client.later()
    for name in KERNELS:
        assert getattr(client.overlay, name).read(0) & 7 == 6
        assert int(client.kernel(name).identity) == DEFAULT.identity


# --- memory -----------------------------------------------------------------------------------
def test_a_forgotten_flush_sends_what_was_in_memory_before(connect, expected, spectrum):
    client = connect()
    client.block(np.zeros_like(spectrum))
    client.bank, client.fresh = 0, 1
    client.noisy[: len(spectrum)] = spectrum
    client.noisy.coherent = True  # which has pynq's DMA driver not flush it
    client.configure(len(spectrum))
    client.start()
    client.transfer(len(spectrum))
    client.wait()
    assert not client.clean.any()
    client.noisy.coherent = False
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_a_forgotten_invalidation_shows_what_was_in_the_cache_before(connect, expected, spectrum):
    client = connect()
    client.clean[:] = 7
    client.begin(spectrum)
    client.later()
    assert client.status() & 2
    assert (client.clean == 7).all()
    client.clean.invalidate()
    np.testing.assert_array_equal(client.clean[: len(spectrum)], expected)


def test_what_was_not_flushed_before_an_invalidation_is_lost(connect):
    client = connect()
    client.noisy[:] = 5
    client.noisy.invalidate()
    assert not client.noisy.any()


def test_only_the_part_that_is_flushed_reaches_the_memory(switch_on):
    device = switch_on()
    with allocate((100,), "u4", cacheable=1) as buffer:
        buffer[:] = 1
        buffer[10:20].flush()
        seen = device.memory.fetch(buffer.physical_address, buffer.nbytes).view("<u4")
        assert seen[10:20].all()
        assert seen.sum() == 10


def test_buffers_lie_apart_are_counted_and_are_poisoned_when_freed(switch_on):
    device = switch_on()
    first, second = (allocate((5000,), "u1", cacheable=1) for _ in range(2))
    assert abs(first.physical_address - second.physical_address) == 8192
    assert device.memory.mem_used == 16384
    first[:] = 3
    first.freebuffer()
    first.freebuffer()  # as __del__ does again
    assert device.memory.mem_used == 8192
    assert (first == 0xDD).all()
    with allocate((4,), "u1") as third:
        assert third.physical_address < second.physical_address
        assert not third.any()
    del second
    assert device.memory.mem_used == 0


def test_memory_runs_out(switch_on):
    device = switch_on()
    device.memory.size = 1 << 20
    with pytest.raises(RuntimeError, match="allocation failed"):
        allocate(((1 << 20) + 1,), "u1")
    whole = allocate((1 << 20,), "u1")
    with pytest.raises(RuntimeError, match="allocation failed"):
        allocate((1,), "u1")
    whole.freebuffer()


# --- the traps of pynq that concern the device --------------------------------------------------
def test_trap_1_the_length_register_is_as_wide_as_the_design_says(connect, spectrum):
    client = connect(dma_spectra={"c_sg_length_width": 14})
    with pytest.raises(ValueError, match="exceeds"):
        client.spectra.recvchannel.transfer(client.clean)
    client.spectra.write(0x48, client.clean.physical_address)
    client.spectra.write(0x58, 0x4008)
    assert client.spectra.read(0x58) == 8
    assert "more bits" in client.device.violations[0]


def test_trap_2_wait_has_no_deadline(connect, spectrum):
    client = connect(timing=virtual.Timing(patience=0.5))
    assert not hasattr(DMA, "reset")
    client.configure(len(spectrum))
    client.transfer(len(spectrum))  # but no kernel is started
    hung = r"polled for 0\.5 s .* no transfer or kernel was active"
    with pytest.raises(virtual.HungError, match=hung):
        client.wait()


def test_trap_3_after_an_overrun_every_transfer_fails_until_the_reset(connect, expected, spectrum):
    client = connect(virtual.faults.Overrun(beats=40))
    client.begin(spectrum)
    client.later()
    with pytest.raises(RuntimeError, match="DMA channel not started"):
        client.wait()
    with pytest.raises(RuntimeError, match="DMA channel not started"):
        client.transfer(3)
    client.recover()
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_trap_4_a_view_that_is_not_contiguous_is_sent_wrong(connect, expected, spectrum):
    client = connect()
    client.configure(3)
    client.noisy.flush()
    wide = allocate((6, spec.BINS, 2), "i4", cacheable=1)
    wide[::2] = spectrum
    client.start()
    client.spectra.recvchannel.transfer(client.clean, nbytes=spectrum.nbytes)
    client.spectra.sendchannel.transfer(wide[::2], nbytes=spectrum.nbytes)
    client.code_dma.sendchannel.transfer(client.codes)
    client.wait()
    assert not np.array_equal(client.clean[:3], expected)


def test_trap_5_a_copy_has_an_address_that_is_not_its_own(connect, spectrum):
    client = connect()
    client.noisy[:] = 0x5A5A5A5A
    copied = client.noisy.copy()
    copied.flush()
    address = copied.physical_address & 0xFFFF_FFFF
    assert address != client.noisy.physical_address
    try:
        sent = client.device.memory.fetch(address, copied.nbytes)
    except DecodeError:
        return  # there is no memory at all
    assert not np.array_equal(sent.view("<i4"), np.array(copied).ravel())


def test_trap_6_a_transfer_past_the_end_is_accepted_and_noted(connect, spectrum):
    client = connect()
    client.spectra.sendchannel.transfer(client.noisy[-1], nbytes=1 << 20)
    assert "outside of any buffer" in client.device.violations[0]


def test_trap_6_a_short_packet_raises_nothing(connect, expected, spectrum):
    client = connect(virtual.faults.ShortPacket(beats=5))
    client.block(spectrum)
    assert client.spectra.recvchannel.transferred == 40
    beats = np.array(client.clean).reshape(-1, 2)
    np.testing.assert_array_equal(beats[:5], expected.reshape(-1, 2)[:5])
    assert not beats[5:].any()


def test_trap_8_a_changed_handoff_does_not_change_the_hardware(switch_on, tmp_path):
    device = switch_on()
    other = tmp_path / "other"
    other.mkdir()
    moved = handoffs.write(other, device.board.name, above=0x10_0000)
    device.bitstream.with_suffix(".hwh").write_bytes(moved.read_bytes())
    overlay = Overlay(str(device.bitstream))
    with pytest.raises(virtual.BusError, match="nothing answers at address"):
        overlay.lut_mac.read(0)


def test_trap_9_without_a_handoff_nothing_loads(switch_on):
    device = switch_on()
    device.bitstream.with_suffix(".hwh").unlink()
    with pytest.raises(RuntimeError, match="Unable to find metadata"):
        Overlay(str(device.bitstream))


def test_trap_10_what_registers_accept(connect):
    client = connect()
    registers = client.kernel("lut_mac")
    registers.fames = 5  # misspelt, and silently accepted
    assert int(registers.frames) == 0
    with pytest.raises(ValueError, match="must be int or bytes"):
        client.overlay.lut_mac.write(0x10, np.int32(5))


def test_trap_10_reading_ctrl_clears_ap_done(connect):
    client = connect()
    client.start("lut_mac")
    client.later()
    assert int(client.kernel("lut_mac").CTRL) == 0b1110
    assert int(client.kernel("lut_mac").CTRL) == 0b0100


def test_trap_12_without_tlast_the_dma_never_ends(connect, expected, spectrum):
    client = connect(virtual.faults.NoLast())
    client.begin(spectrum)
    client.later()
    assert client.status() == 0
    assert client.overlay.cordic_rotation.read(0) & 2
    client.recover()
    np.testing.assert_array_equal(client.block(spectrum), expected)


@pytest.mark.parametrize("name", BOARDS)
def test_trap_13_the_clock_is_what_the_dividers_make_of_it(connect, name):
    client = connect(name=name)
    target = client.device.board.clock_mhz
    assert pynq.Clocks.fclk0_mhz == pytest.approx(client.device.clocks.hertz() / 1e6)
    assert pynq.Clocks.fclk0_mhz <= target
    with pytest.warns(UserWarning, match="closest possible value"):
        pynq.Clocks.fclk0_mhz = 0.86 * target
    assert client.device.clocks.hertz() != pytest.approx(0.86e6 * target, rel=1e-3)


# --- what surrounds the board -------------------------------------------------------------------
def test_pynq_is_left_as_it_was(switch_on, monkeypatch):
    monkeypatch.delenv("BOARD", raising=False)
    with virtual.board(BOARDS[0]) as device:
        assert Device.active_device is device
        assert os.environ["BOARD"] == BOARDS[0]
        with virtual.board(BOARDS[-1]) as inner:
            assert Device.active_device is inner
        assert Device.active_device is device
    assert "BOARD" not in os.environ
    assert not hasattr(pynq.ps.Clocks, "_real_instance")
    assert not hasattr(Device, "_active_device")


def test_clocks_follow_the_board(connect):
    for name in BOARDS * 2:
        client = connect(name=name)
        speed = {"armv7l": 650, "aarch64": 1200}[client.device.arch]
        assert pynq.Clocks.cpu_mhz == pytest.approx(speed, rel=0.01)


def test_nothing_answers_before_a_bitstream_is_loaded(switch_on):
    switch_on()
    with pytest.raises(virtual.BusError, match="no bitstream"):
        pynq.MMIO(0x4000_0000, 0x1000).read(0)


def test_a_file_that_is_no_bitstream_is_refused(switch_on):
    device = switch_on()
    device.bitstream.write_bytes(b"\0" * 100)
    with pytest.raises(ValueError, match="not a bitstream"):
        Overlay(str(device.bitstream))


@pytest.mark.parametrize("stream", [name for name in STREAMS if name != "codes_high"])
def test_a_design_with_a_stream_left_open_is_refused(switch_on, stream):
    device = switch_on(omit=stream)
    with pytest.raises(ValueError, match="the design does not connect"):
        Overlay(str(device.bitstream))


def test_a_scatter_gather_engine_is_refused(switch_on):
    device = switch_on(dma_codes={"c_include_sg": 1})
    with pytest.raises(ValueError, match="dma_codes has a scatter-gather engine"):
        Overlay(str(device.bitstream))
