"""Backend `virtual`: the driver and the `pynq` package of a board, on a model of the hardware."""

from __future__ import annotations

import threading

from ...hardware import boards
from ...hardware.handoff import handoff
from ...network.model import QuantizedModel
from .. import virtual
from ..driver.backend import OnBoard
from ..driver.board import Board

_OPENING = threading.Lock()  # pynq has one active device for the whole process


class Virtual(OnBoard):
    """A quantized model on its own virtual board, `boards.here()`.

    The times in `device.timeline` are modelled, with the parameters of `virtual.Timing`.

    Parameters
    ----------
    model : QuantizedModel
    """

    one_at_a_time = False  # each has its own board
    device: virtual.VirtualDevice

    def _open(self, model: QuantizedModel) -> Board:
        board = boards.here()
        with _OPENING, virtual.board(board.name, handoff(board)) as self.device:
            return Board(model, self.device.bitstream)
