"""The boards: their part, what is on it, and the clock the kernels are built for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any


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
    dma_memory : int
        Bytes, from address 0, that the overlay's DMAs have addresses for.
    dsps, bram18, luts, flipflops : int
        On the part: multipliers, 18-Kbit memories, look-up tables, flip-flops.
    """

    name: str
    family: str
    part: str
    clock_mhz: float
    dma_memory: int
    dsps: int
    bram18: int
    luts: int
    flipflops: int


_Facts = dict[str, Any]
_XC7Z020: _Facts = {"dsps": 220, "bram18": 280, "luts": 53_200, "flipflops": 106_400}
_ZU3EG: _Facts = {"dsps": 360, "bram18": 432, "luts": 70_560, "flipflops": 141_120}
_K26: _Facts = {"dsps": 1248, "bram18": 288, "luts": 117_120, "flipflops": 234_240}
_ZYNQ: _Facts = {"family": "zynq", "clock_mhz": 100.0, "dma_memory": 0x2000_0000}
# 6 ns: a clock that the PLLs of both boards, of 1000 and 1500 MHz, divide into exactly.
_ZYNQMP: _Facts = {"family": "zynqmp", "clock_mhz": 500 / 3, "dma_memory": 0x8000_0000}

BOARDS = {
    board.name: board
    for board in (
        Board("Pynq-Z1", part="xc7z020clg400-1", **_ZYNQ, **_XC7Z020),
        Board("Pynq-Z2", part="xc7z020clg400-1", **_ZYNQ, **_XC7Z020),
        Board("AUP-ZU3", part="xczu3eg-sfvc784-2-e", **_ZYNQMP, **_ZU3EG),
        Board("KV260", part="xck26-sfvc784-2LV-c", **_ZYNQMP, **_K26),
    )
}


def here() -> Board:
    """Return the board of ``$BOARD``; without one, that of a virtual board.

    Which is a Pynq-Z2, or a KV260 where the pynq that is installed has given up Zynq-7000.

    Raises
    ------
    ValueError
        There is no such board.
    """
    return find(os.environ.get("BOARD") or ("KV260" if _pynq_release() >= 4 else "Pynq-Z2"))


def _pynq_release() -> int:
    try:
        return int(version("pynq").split(".")[0])
    except PackageNotFoundError:
        return 0


def find(name: str) -> Board:
    """Return the board of that name, or raise a ValueError that lists the names."""
    if name not in BOARDS:
        raise ValueError(f"no board is called {name!r}; choose from {', '.join(BOARDS)}")
    return BOARDS[name]
