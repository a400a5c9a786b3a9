"""Every fault of a board, and its outcome."""

from __future__ import annotations

import numpy as np
import pytest

from networks import random_spectrum
from nibblestream.backends.driver.fault import BoardError
from nibblestream.backends.driver.kernel import Kernel
from nibblestream.backends.virtual import faults
from nibblestream.hardware.ledger import LedgerError
from nibblestream.speech.pipeline import Pipeline

RECOVERS = None
OUTCOMES = {
    "spectra stall": (faults.Stall(stream="spectrum", after=5), RECOVERS),
    "codes stall": (faults.Stall(stream="codes", after=100), RECOVERS),
    "magnitudes stall": (faults.Stall(stream="magnitude", after=50), RECOVERS),
    "phases stall": (faults.Stall(stream="polar", after=50), RECOVERS),
    "network stalls": (faults.Stall(stream="network", after=9), RECOVERS),
    "output stalls": (faults.Stall(stream="enhanced", after=9), RECOVERS),
    "output stalls for good": (
        faults.Stall(times=None, stream="enhanced", after=9),
        r"not done within 2\.\d+ s: cordic_rotation has not given all .*S2MM_DMASR 0x0",
    ),
    "codes stall for good": (
        faults.Stall(times=None, stream="codes", after=9),
        r"lut_mac has not taken all codes",
    ),
    "spectra stall for good": (
        faults.Stall(times=None, stream="spectrum", after=9),
        r"cordic_vectoring has not taken all spectra",
    ),
    "short packet": (faults.ShortPacket(beats=7), RECOVERS),
    "short packets": (
        faults.ShortPacket(times=None, beats=7),
        r"packet of enhanced spectra had 56 bytes; expected 3096 .*S2MM_LENGTH 0x00000038",
    ),
    "overrun": (faults.Overrun(), RECOVERS),
    "overruns": (faults.Overrun(times=None), r"dma_spectra: DMA internal error .*packet longer"),
    "no TLAST": (faults.NoLast(), RECOVERS),
    "never TLAST": (faults.NoLast(times=None), r"cordic_rotation has not given all"),
    "decode error": (faults.DmaError(dma="dma_codes", kind="decode"), RECOVERS),
    "decode errors": (
        faults.DmaError(times=None, dma="dma_codes", kind="decode"),
        r"dma_codes: DMA decode error .*MM2S_DMASR 0x0000[45]0[46]1",
    ),
    "slave error": (faults.DmaError(dma="dma_spectra", kind="slave"), RECOVERS),
    "slave errors": (
        faults.DmaError(times=None, dma="dma_spectra", kind="slave"),
        r"dma_spectra: DMA slave error",
    ),
    "internal errors": (
        faults.DmaError(times=None, channel="s2mm", kind="internal"),
        r"dma_spectra: DMA internal error",
    ),
    "a kernel that hangs": (faults.NeverDone(kernel="lut_mac"), RECOVERS),
    "a kernel that always hangs": (
        faults.NeverDone(times=None, kernel="cordic_vectoring"),
        r"not done within .*cordic_vectoring CTRL 0x00000001",
    ),
    "a bit of the codes": (faults.FlipBit(dma="dma_codes", bit=9999), RECOVERS),
    "bits of the codes": (
        faults.FlipBit(times=None, dma="dma_codes", bit=9999),
        r"the codes that arrived were not those of the model: digest 0x\w+, expected",
    ),
    "a bit of the header": (
        faults.FlipBit(times=None, dma="dma_codes", bit=0),
        r"the codes that arrived were refused by lut_mac: digest 0x0",
    ),
    "a bit of the spectra": (faults.FlipBit(dma="dma_spectra", bit=77), RECOVERS),
    "bits of the spectra": (
        faults.FlipBit(times=None, dma="dma_spectra", bit=77),
        r"spectra on their way to cordic_vectoring were damaged",
    ),
    "bits of the output": (
        faults.FlipBit(times=None, dma="dma_spectra", channel="s2mm", bit=77),
        r"enhanced spectra on their way from cordic_rotation were damaged",
    ),
    "a miscount": (faults.Miscount(slot=0, bytes=-4096), RECOVERS),
    "codes miscounted": (
        faults.Miscount(times=None, slot=0, bytes=-1),
        r"codes read: the model says \d+ bytes, the hardware counted \d+, which end in layer 2",
    ),
    "output miscounted": (
        faults.Miscount(times=None, slot=2, bytes=8),
        r"spectra written: the model says 3096 bytes, the hardware counted 3104",
    ),
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_a_fault_and_its_outcome(drive, spectrum, expected, what):
    """Within its deadline, with its cause, and without harm to the next call."""
    fault, cause = OUTCOMES[what]
    device, board = drive(fault)
    before = device.timeline.now
    if cause is RECOVERS:
        np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    else:
        with pytest.raises((BoardError, LedgerError), match=cause):
            board.run(spectrum, 0, True)
    assert device.timeline.now - before < 4.5  # two deadlines of two seconds, and work
    device.faults.clear()
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    assert board.counted.dma == board.counted.hardware


@pytest.mark.parametrize("what", ["codes stall", "bits of the codes", "short packets", "overruns"])
def test_a_fault_in_the_middle_leaves_the_state_alone(drive, model, rng, what):
    spectrum = random_spectrum(rng, 60)
    device, board = drive()
    parts = [board.run(spectrum[:20], 0, True)]
    fault, cause = OUTCOMES[what]
    device.faults.add(fault)
    if cause:
        with pytest.raises(BoardError):
            board.run(spectrum[20:40], 1, False)
        device.faults.clear()
    parts += [board.run(spectrum[20:40], 1, False), board.run(spectrum[40:], 0, False)]
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))


def test_an_interrupt_leaves_a_board_that_works(drive, spectrum, expected, monkeypatch):
    _, board = drive()

    def interrupt(kernel):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Kernel, "begin", interrupt)
        with pytest.raises(KeyboardInterrupt):
            board.run(spectrum, 0, True)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
