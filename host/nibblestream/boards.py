"""The boards: their part, what is on it, and the clock the kernels are built for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    """A board that the overlay is built for.

    Parameters
    ----------
    name : str
        As in `$BOARD` of a PYNQ image.
    family : {"zynq", "zynqmp"}
        Zynq-7000 or Zynq UltraScale+.
    part : str
        As Vivado and Vitis HLS call it.
    clock_mhz : float
        The clock that the kernels and all streams are built for.
    dsps, bram18, luts, flipflops : int
        On the part: multipliers, 18-Kbit memories, look-up tables, flip-flops.
    """

    name: str
    family: str
    part: str
    clock_mhz: float
    dsps: int
    bram18: int
    luts: int
    flipflops: int


def _zynq_7020(name: str) -> Board:
    return Board(name, "zynq", "xc7z020clg400-1", 100.0, 220, 280, 53_200, 106_400)


BOARDS = {
    board.name: board
    for board in (
        _zynq_7020("Pynq-Z1"),
        _zynq_7020("Pynq-Z2"),
        # 6 ns: a clock that the PLLs of both boards, of 1000 and 1500 MHz, divide into exactly.
        Board("AUP-ZU3", "zynqmp", "xczu3eg-sfvc784-2-e", 500 / 3, 360, 432, 70_560, 141_120),
        Board("KV260", "zynqmp", "xck26-sfvc784-2LV-c", 500 / 3, 1248, 288, 117_120, 234_240),
    )
}


def find(name: str) -> Board:
    """Return the board of that name, or raise a ValueError that lists the names."""
    if name not in BOARDS:
        raise ValueError(f"no board is called {name!r}; choose from {', '.join(BOARDS)}")
    return BOARDS[name]
