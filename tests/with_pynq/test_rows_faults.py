"""Every fault of a board that runs rows, and its outcome: as for speech, named as rows."""

from __future__ import annotations

import numpy as np
import pytest
from test_driver_faults import OUTCOMES, RECOVERS

from nibblestream import quantize
from nibblestream.backends.driver.fault import BoardError
from nibblestream.backends.emu import Emulation
from nibblestream.hardware.ledger import LedgerError
from plain_networks import plain_network, random_rows

# What the messages say of 3 rows of 200 inputs (50 beats) and 40 outputs (20 beats).
NAMED = {
    "output stalls for good": r"cordic_rotation has not given all outputs",
    "spectra stall for good": r"cordic_vectoring has not taken all inputs",
    "short packets": r"packet of outputs had 56 bytes; expected 480 ",
    "never TLAST": r"cordic_rotation has not given all outputs",
    "bits of the spectra": r"inputs on their way to cordic_vectoring were damaged",
    "bits of the output": r"outputs on their way from cordic_rotation were damaged",
    "output miscounted": r"rows written: the model says 480 bytes, the hardware counted 488",
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_a_fault_and_its_outcome(drive, rng, what):
    fault, cause = OUTCOMES[what]
    model = quantize(plain_network(rng, (200, 60, 40)))
    rows = random_rows(rng, model, 3)
    expected = Emulation(model).process(rows)
    device, board = drive(fault, model=model)
    before = device.timeline.now
    if cause is RECOVERS:
        np.testing.assert_array_equal(board.run(rows, 0, True), expected)
    else:
        with pytest.raises((BoardError, LedgerError), match=NAMED.get(what, cause)) as raised:
            board.run(rows, 0, True)
        assert "spectr" not in str(raised.value).replace("dma_spectra", "")
    assert device.timeline.now - before < 4.5  # two deadlines of two seconds, and work
    device.faults.clear()
    np.testing.assert_array_equal(board.run(rows, 0, True), expected)
    assert board.counted.dma == board.counted.hardware
    assert device.violations == []


@pytest.mark.parametrize("what", ["bits of the codes", "short packets", "overruns"])
def test_a_fault_leaves_later_rows_alone(drive, rng, what):
    model = quantize(plain_network(rng, (200, 60, 40)))
    rows = random_rows(rng, model, 60)
    device, board = drive(model=model)
    parts = [board.run(rows[:20], 0, True)]
    device.faults.add(OUTCOMES[what][0])
    with pytest.raises(BoardError):
        board.run(rows[20:40], 1, False)
    device.faults.clear()
    parts += [board.run(rows[20:40], 1, False), board.run(rows[40:], 0, False)]
    np.testing.assert_array_equal(np.concatenate(parts), Emulation(model).process(rows))
