"""Backend `pynq`: the overlay on a board, driven through the `pynq` package."""

from __future__ import annotations

from ...fixed import IntArray
from ...geometry import Geometry
from ...hardware.traffic import Counted
from ...network.model import QuantizedModel
from ..blockwise import Blockwise, Int32
from .board import Board


class OnBoard(Blockwise):
    """A quantized model on a board.

    Parameters
    ----------
    model : QuantizedModel
    geometry : Geometry, optional
        The one that the board must have; any if None.

    Raises
    ------
    BoardError
        There is no board, no bitstream of this version for it, or the board is in use.
    """

    one_at_a_time = True

    def __init__(self, model: QuantizedModel, geometry: Geometry | None = None) -> None:
        self.board = self._open(model, geometry)
        super().__init__(model, self.board.geometry)

    def _open(self, model: QuantizedModel, geometry: Geometry | None) -> Board:
        return Board(model, geometry=geometry)

    def close(self) -> None:
        """Free the memory and the board."""
        self.board.close()

    def run(self, rows: IntArray, bank: int, reset: bool) -> Int32:
        """Run one block; see `Board.run`."""
        return self.board.run(rows, bank, reset)

    def counted(self) -> Counted:
        """Return the bytes moved by all blocks so far."""
        return self.board.counted
