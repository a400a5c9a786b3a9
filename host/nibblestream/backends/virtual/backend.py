"""Backend `virtual`: the driver and the `pynq` package of a board, on a model of the hardware."""

from __future__ import annotations

import threading

from ...geometry import Geometry
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
    geometry : Geometry, optional
        Of the kernels; the board's default if None.
    """

    one_at_a_time = False  # each has its own board
    device: virtual.VirtualDevice

    def _open(self, model: QuantizedModel, geometry: Geometry | None) -> Board:
        board = boards.here()
        chosen = geometry or board.geometry
        design = handoff(board, chosen)
        with _OPENING, virtual.board(board.name, design, geometry=chosen) as self.device:
            return Board(model, self.device.bitstream)
