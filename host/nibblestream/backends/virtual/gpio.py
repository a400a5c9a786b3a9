"""Model of an AXI GPIO (PG144) with outputs only: the line that resets the kernels."""

from __future__ import annotations

from collections.abc import Callable

from .handoff import Cell

DATA = 0x00


class Gpio:
    """The registers of an AXI GPIO whose first channel drives lines.

    Parameters
    ----------
    cell : Cell
    drive : callable
        Is called with the lines' levels when they change.
    """

    def __init__(self, cell: Cell, drive: Callable[[int], None]) -> None:
        self._mask = (1 << cell.number("c_gpio_width", 32)) - 1
        self._lines = int(str(cell.parameters.get("c_dout_default", "0")), 0) & self._mask
        self._drive = drive

    def read(self, offset: int) -> int:
        """Return 0: outputs cannot be read back."""
        return 0

    def write(self, offset: int, value: int) -> None:
        """Drive the lines."""
        if offset == DATA and value & self._mask != self._lines:
            self._lines = value & self._mask
            self._drive(self._lines)
