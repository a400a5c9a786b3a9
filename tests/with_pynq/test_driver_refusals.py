"""What the driver refuses before it trusts a board, and the traps it closes."""

from __future__ import annotations

import handoffs
import numpy as np
import pynq
import pytest
from client import BOARDS

from nibblestream.backends import virtual
from nibblestream.backends.driver.board import Board
from nibblestream.backends.driver.fault import BoardError
from nibblestream.backends.virtual import faults
from nibblestream.geometry import DEFAULT
from nibblestream.hardware import boards

REFUSED = {
    "another version": (
        faults.WrongIdentity(value=0x4E42_0001),
        rf"lut_mac has identity 0x4e420001; this package drives {DEFAULT.identity:#010x}",
    ),
    "no answer": (faults.NeverDone(kernel="cordic_rotation"), r"cordic_rotation does not answer"),
    "no memory": (faults.AllocationFailure(), r"no [\d,]+ bytes of contiguous memory are left"),
    "a clock too fast": (faults.WrongClock(mhz=1000.0), r"clock runs at .* MHz, but .* built for"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_board_that_cannot_be_used_is_refused(switch_on, model, what):
    fault, cause = REFUSED[what]
    device = switch_on(fault)
    with pytest.raises(BoardError, match=cause):
        Board(model, device.bitstream)
    device.faults.clear()
    Board(model, device.bitstream).close()  # nothing was left allocated or locked


def test_a_slow_clock_is_told(switch_on, model, spectrum, expected):
    device = switch_on(faults.WrongClock(mhz=50.0))
    with pytest.warns(UserWarning, match="clock runs at .* right, but slow"):
        board = Board(model, device.bitstream)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    board.close()


def test_an_overlay_of_another_design_is_refused(switch_on, model, tmp_path):
    device = switch_on()
    text = device.bitstream.with_suffix(".hwh").read_text()
    narrow = tmp_path / "narrow.hwh"
    narrow.write_text(text.replace('VALUE="26"', 'VALUE="14"'))
    narrow_dma = pytest.raises(
        BoardError, match=r"dma_spectra counts bytes in 14 bits; expected 26"
    )
    with virtual.board(BOARDS[0], narrow) as other, narrow_dma:
        Board(model, other.bitstream)


def test_a_bitstream_without_its_handoff_is_refused(switch_on, model, tmp_path, monkeypatch):
    device = switch_on()
    alone = tmp_path / "alone.bit"
    alone.write_bytes(device.bitstream.read_bytes())
    monkeypatch.setenv("NIBBLESTREAM_OVERLAY", str(alone))
    with pytest.raises(BoardError, match=r"alone\.hwh: no such hardware handoff"):
        Board(model)


def test_a_laptop_is_told_that_it_is_no_board(model, monkeypatch):
    monkeypatch.delenv("BOARD", raising=False)
    with pytest.raises(BoardError, match=r"\$BOARD is not set; expected one of Pynq-Z1"):
        Board(model)
    monkeypatch.setenv("BOARD", "Pynq-Z9")
    with pytest.raises(BoardError, match="no board is called 'Pynq-Z9'"):
        Board(model)


def test_a_board_without_a_bitstream_is_told_how_to_get_one(switch_on, model):
    switch_on()
    with pytest.raises(BoardError, match=r"no such bitstream; build both with `make overlay BOARD"):
        Board(model)


# --- traps of the pynq package -----------------------------------------------------------------


def test_any_array_may_be_given(drive, spectrum, expected):
    """Transposed views, other buffers and their copies: what is sent is always our own buffer."""
    device, board = drive()
    turned = np.asfortranarray(spectrum)
    assert not turned.flags.c_contiguous
    np.testing.assert_array_equal(board.run(turned, 0, True), expected)
    other = pynq.allocate(spectrum.shape, "i4", target=device)
    other[:] = spectrum
    np.testing.assert_array_equal(board.run(other.copy(), 0, True), expected)
    np.testing.assert_array_equal(board.run(other + 0, 0, True), expected)
    other.freebuffer()
    assert device.violations == []


def test_a_buffer_beyond_the_dmas_addresses_is_refused(switch_on, model, monkeypatch):
    """The upper half of its address would be lost, and other memory written."""
    device = switch_on()
    allocate = pynq.allocate

    def high(*arguments, **options):
        buffer = allocate(*arguments, **options)
        buffer.device_address += 0x8_0000_0000
        return buffer

    monkeypatch.setattr(pynq, "allocate", high)
    with pytest.raises(BoardError, match=r"up to address 0x8\w+, but the DMAs reach 0x[28]0000000"):
        Board(model, device.bitstream)
    assert device.memory.mem_used == 0


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"dma_codes": {"c_include_sg": 1}}, "dma_codes is in scatter-gather mode"),
        ({"dma_spectra": {"c_sg_length_width": 14}}, "dma_spectra counts bytes in 14 bits"),
        ({"without": ("lut_mac", "bank")}, "lut_mac has no register bank; the handoff names"),
    ],
)
def test_a_handoff_of_another_design_is_refused(
    switch_on, model, spectrum, tmp_path, change, cause
):
    device = switch_on()
    other = tmp_path / "other.bit"
    other.write_bytes(device.bitstream.read_bytes())
    handoffs.write(tmp_path, BOARDS[0], **change).replace(other.with_suffix(".hwh"))
    with pytest.raises(BoardError, match=cause):
        Board(model, other).run(spectrum, 0, True)


def test_a_given_bitstream_needs_its_handoff_too(switch_on, model, tmp_path):
    switch_on()
    (tmp_path / "given.bit").write_bytes(b"")
    with pytest.raises(BoardError, match=r"given\.hwh: no such hardware handoff"):
        Board(model, tmp_path / "given.bit")


def test_a_clock_that_dividers_can_mend_is_set(switch_on, model, spectrum, expected, recwarn):
    """The handoff tells pynq dividers, but not which PLL this board has."""
    device = switch_on(faults.WrongClock(times=1, mhz=500.0))
    board = Board(model, device.bitstream)
    assert device.clocks.hertz() <= boards.find(BOARDS[0]).clock_mhz * 1.002e6
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    board.close()
