"""Registers, one by one, as PG021, PG037 and the headers of Vitis HLS describe them."""

from __future__ import annotations

import pytest
from client import KERNELS
from pynq import Overlay

from nibblestream import spec
from nibblestream.backends import virtual
from nibblestream.backends.virtual import faults

LUT_MAC = {
    **{"frames": 0x10, "beats": 0x18, "bank": 0x20, "reset": 0x28},
    **{"raw_in": 0x30, "raw_out": 0x38, "digest": 0x40},
}
BITS = {"frames": 8, "beats": 32, "bank": 1, "reset": 1, "raw_in": 32, "raw_out": 32, "digest": 0}
CODES_READ, SPECTRA_READ, SPECTRA_WRITTEN = 0 << 5 | 3, 1 << 5 | 3, 2 << 5 | 2


@pytest.fixture
def client(connect):
    return connect()


# --- DMA ------------------------------------------------------------------------------------
def test_dma_after_its_reset(client):
    dma = client.code_dma
    dma.write(0x00, 0x0001_7003)
    assert dma.read(0x00) == 0x0001_7003
    dma.write(0x00, 4)
    assert dma.read(0x00) == 0x0001_0002  # the reset bit has cleared itself
    assert dma.read(0x04) == 1
    assert dma.read(0x28) == 0


def test_a_reset_takes_its_time(connect):
    client = connect(timing=virtual.Timing(access=1e-7))
    client.code_dma.write(0x00, 4)
    reads = [client.code_dma.read(0x00) & 4 for _ in range(20)]
    assert reads[0] == 4
    assert reads[-1] == 0


def test_dma_is_idle_only_after_its_first_transfer(client, spectrum):
    assert client.status() == 0
    client.block(spectrum)
    assert client.status() == 0x1002
    client.spectra.write(0x34, 0x1000)
    assert client.status() == 0x0002
    client.spectra.write(0x30, 0)
    assert client.status() == 0x0001
    client.spectra.write(0x30, 1)
    assert client.status() == 0x0000


def test_dma_is_not_idle_during_a_second_transfer(connect, spectrum):
    client = connect(timing=virtual.Timing(access=1e-6))
    client.block(spectrum)
    client.begin(spectrum)
    assert not client.status() & 2
    assert not client.status("dma_codes", "mm2s") & 2
    client.later()
    assert client.status() & 2


def test_a_stop_waits_for_the_transfer(client, spectrum):
    client.transfer(3)  # no kernel takes it
    client.spectra.write(0x00, 0)
    client.later()
    assert client.status("dma_spectra", "mm2s") == 0
    client.configure(3)
    client.start()
    client.later()
    assert client.status("dma_spectra", "mm2s") & 3 == 1


def test_a_halted_channel_starts_nothing(client):
    client.code_dma.write(0x00, 0)
    client.code_dma.write(0x18, client.codes.physical_address)
    client.code_dma.write(0x28, 64)
    client.code_dma.write(0x00, 1)
    client.later()
    assert client.status("dma_codes", "mm2s") == 0
    assert client.device.violations == [
        "dma_codes.mm2s: LENGTH was written while the channel was halted"
    ]


@pytest.mark.parametrize(
    ("length", "note"),
    [
        (0, "LENGTH 0 starts nothing"),
        (1 << 26, "LENGTH 0x4000000 has more bits than the register"),
    ],
)
def test_lengths_that_start_nothing(client, length, note):
    client.code_dma.write(0x28, length)
    client.later()
    assert client.status("dma_codes", "mm2s") == 0
    assert client.device.violations[0] == f"dma_codes.mm2s: {note}"


def test_a_second_length_is_ignored_while_the_first_is_under_way(client):
    client.code_dma.sendchannel.transfer(client.codes)
    client.code_dma.write(0x28, 8)
    assert client.code_dma.read(0x28) == client.codes.nbytes
    assert "while a transfer was under way" in client.device.violations[0]


def test_without_realignment_an_address_is_a_multiple_of_8(client):
    client.code_dma.write(0x18, client.codes.physical_address + 4)
    client.code_dma.write(0x28, 8)
    assert "is not a multiple of 8" in client.device.violations[0]


@pytest.mark.parametrize("offset", [0x18, 0x48])
def test_an_address_without_memory_is_a_decode_error(client, spectrum, offset):
    client.configure(3)
    client.start()
    client.transfer(3)
    client.recover()
    client.configure(3)
    client.start()
    client.code_dma.sendchannel.transfer(client.codes)
    for base, buffer in ((0x48, client.clean), (0x18, client.noisy)):
        address = 0xFFFF_0000 if base == offset else buffer.physical_address
        client.spectra.write(base, address)
        client.spectra.write(base + 0x10, spectrum.nbytes)
    client.later()
    assert client.spectra.read(offset - 0x14) == 0x4041


def test_addresses_beyond_32_bits_need_an_address_that_wide(connect):
    client = connect(dma_codes={"c_addr_width": 40})
    client.code_dma.write(0x1C, 0x1FF)
    assert client.code_dma.read(0x1C) == 0xFF
    client.spectra.write(0x1C, 1)
    assert client.spectra.read(0x1C) == 0


def test_dma_codes_has_no_s2mm(client):
    client.code_dma.write(0x30, 1)
    assert client.code_dma.read(0x30) == client.code_dma.read(0x34) == 0


def test_s2mm_tells_the_bytes_it_received(client, spectrum):
    client.noisy[:3] = spectrum
    client.configure(3)
    client.start()
    client.spectra.recvchannel.transfer(client.clean)
    assert client.spectra.read(0x58) == client.clean.nbytes
    client.spectra.sendchannel.transfer(client.noisy, nbytes=spectrum.nbytes)
    client.code_dma.sendchannel.transfer(client.codes)
    client.wait()
    assert client.spectra.read(0x58) == spectrum.nbytes


# --- kernels ----------------------------------------------------------------------------------
def test_arguments_have_the_bits_of_the_kernels(client):
    for name, offset in LUT_MAC.items():
        client.overlay.lut_mac.write(offset, 0xFFFF_FFFF)
        assert client.overlay.lut_mac.read(offset) == (1 << BITS[name]) - 1


def test_a_valid_flag_is_set_with_an_output_and_cleared_by_reading(client, spectrum):
    lut_mac = client.overlay.lut_mac
    assert lut_mac.read(0x44) == 0
    client.block(spectrum)
    assert [lut_mac.read(0x44), lut_mac.read(0x44)] == [1, 0]
    assert lut_mac.read(0x40)


def test_ap_start_reads_1_until_the_kernel_is_done(connect, spectrum):
    client = connect(timing=virtual.Timing(access=1e-6))
    client.begin(spectrum)
    assert client.overlay.lut_mac.read(0) == 1
    client.later()
    assert client.overlay.lut_mac.read(0) == 0b1110


def test_writing_to_a_kernel_that_runs_is_noted(client, spectrum):
    client.configure(3)
    client.start()
    client.overlay.lut_mac.write(0x10, 5)
    client.start("lut_mac")
    assert client.device.violations == [
        "lut_mac: frames was written while the kernel ran",
        "lut_mac: started while it ran",
    ]


def test_interrupt_status_toggles(client):
    lut_mac = client.overlay.lut_mac
    lut_mac.write(0x04, 1)
    lut_mac.write(0x08, 1)
    client.start("lut_mac")
    client.later()
    assert [lut_mac.read(at) for at in (0x04, 0x08, 0x0C)] == [1, 1, 1]
    lut_mac.write(0x0C, 1)
    assert lut_mac.read(0x0C) == 0


def test_auto_restart_calls_the_kernel_again(client, spectrum):
    client.configure(3)
    client.overlay.cordic_vectoring.write(0, 0x81)
    client.start("lut_mac", "cordic_rotation")
    client.transfer(3)
    client.later()
    assert client.overlay.cordic_vectoring.read(0) == 0x8B
    assert client.overlay.cordic_vectoring.read(0) == 0x81


def test_auto_restart_without_frames_takes_time(client):
    client.overlay.lut_mac.write(0, 0x81)
    client.later(1e-3)
    assert client.overlay.lut_mac.read(0) & 2


def test_a_reset_clears_the_arguments(client):
    client.configure(3)
    client.overlay.kernel_reset.write(0, 0)
    client.overlay.kernel_reset.write(0, 1)
    assert [getattr(client.overlay, name).read(0x10) for name in KERNELS] == [0, 0, 0]


def test_a_reset_calls_a_kernel_off(connect, spectrum):
    client = connect(timing=virtual.Timing(access=1e-6))
    client.begin(spectrum)
    client.recover()
    client.later()
    assert [getattr(client.overlay, name).read(0) for name in KERNELS] == [4, 4, 4]
    assert not int(client.kernel("lut_mac").identity)


def test_a_design_without_an_argument_is_refused(switch_on):
    device = switch_on(without=("lut_mac", "bank"))
    with pytest.raises(ValueError, match=r"lut_mac has no register bank; .* frames, beats, reset"):
        Overlay(str(device.bitstream))


# --- monitor ------------------------------------------------------------------------------------
@pytest.fixture
def monitor(client):
    client.overlay.monitor.write(0x44, CODES_READ | SPECTRA_READ << 8 | SPECTRA_WRITTEN << 16)
    client.overlay.monitor.write(0x300, 0x0002_0002)
    client.overlay.monitor.write(0x300, 0x0001_0001)
    return client.overlay.monitor


def counts(monitor, at=0x100):
    return [monitor.read(at + 0x10 * i) for i in range(3)]


def test_the_monitor_counts_every_byte(client, monitor, spectrum):
    size = spectrum.nbytes
    client.block(spectrum)
    assert counts(monitor) == [client.codes.nbytes, size, size]
    client.block(spectrum[:1])
    assert counts(monitor) == [2 * client.codes.nbytes, size // 3 * 4, size // 3 * 4]
    monitor.write(0x300, 0x0001_0003)
    assert counts(monitor) == [0, 0, 0]
    client.block(spectrum)
    assert counts(monitor) == [0, 0, 0]  # as long as the reset bit is set


def test_the_monitor_counts_what_its_selectors_name(client, monitor, spectrum):
    monitor.write(0x44, SPECTRA_WRITTEN | CODES_READ << 8 | (2 << 5 | 3) << 16)
    assert monitor.read(0x44) == SPECTRA_WRITTEN | CODES_READ << 8 | (2 << 5 | 3) << 16
    client.block(spectrum)
    assert counts(monitor) == [spectrum.nbytes, client.codes.nbytes, 0]


def test_the_monitor_counts_only_when_enabled(client, monitor, spectrum):
    monitor.write(0x300, 0x0001_0000)
    client.block(spectrum)
    assert counts(monitor) == [0, 0, 0]


def test_a_sample_keeps_the_counts(client, monitor, spectrum):
    client.block(spectrum)
    monitor.read(0x2C)
    client.block(spectrum[:1])
    assert counts(monitor, 0x200) == [client.codes.nbytes, spectrum.nbytes, spectrum.nbytes]
    monitor.write(0x28, 0x100)
    monitor.read(0x2C)
    start = client.device.timeline.now
    assert counts(monitor) == [0, 0, 0]
    client.later(0.25)
    clocks = monitor.read(0x2C)
    hertz = client.device.clocks.hertz()
    assert clocks == pytest.approx((client.device.timeline.now - start) * hertz, rel=1e-6)


def test_the_monitor_counts_clocks(client, monitor):
    before, at = monitor.read(0x04), client.device.timeline.now
    client.later(0.01)
    after = monitor.read(0x04)
    hertz = client.device.clocks.hertz()
    assert after - before == pytest.approx((client.device.timeline.now - at) * hertz, abs=1)
    client.later(60)
    assert monitor.read(0x00) == int(60 * hertz) >> 32
    monitor.write(0x300, 0x0000_0001)
    still = monitor.read(0x04)
    client.later(0.01)
    assert monitor.read(0x04) == still


def test_a_monitor_can_be_made_to_miscount(connect, spectrum):
    client = connect(faults.Miscount(slot=1, bytes=-8))
    monitor = client.overlay.monitor
    monitor.write(0x44, CODES_READ | SPECTRA_READ << 8 | SPECTRA_WRITTEN << 16)
    monitor.write(0x300, 1)
    client.block(spectrum)
    assert counts(monitor) == [client.codes.nbytes, spectrum.nbytes - 8, spectrum.nbytes]


def test_a_monitor_in_another_mode_is_refused(switch_on):
    device = switch_on(monitor={"C_ENABLE_PROFILE": 1})
    with pytest.raises(ValueError, match="monitor is not in advanced mode"):
        Overlay(str(device.bitstream))


# --- GPIO ----------------------------------------------------------------------------------------
def test_outputs_are_not_read_back(client):
    assert client.overlay.kernel_reset.read(0) == 0


def test_pynqs_own_driver_drives_the_reset(client):
    lines = client.overlay.kernel_reset.channel1
    client.configure(3)
    lines.write(0, 1)
    lines.write(1, 1)
    assert client.overlay.lut_mac.read(0x10) == 0
    assert spec.CELLS["kernel_reset"].vlnv in type(client.overlay.kernel_reset).bindto
