"""Supported boards: FPGA part, its resources, and the clock of the kernels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..geometry import DEFAULT, Geometry


@dataclass(frozen=True)
class Board:
    """A board that the overlay is built for.

    Parameters
    ----------
    name : str
        The value of `$BOARD` on the board's PYNQ image.
    family : {"zynq", "zynqmp"}
        Zynq-7000 or Zynq UltraScale+.
    part : str
        Part number, as in Vivado and Vitis HLS.
    clock_mhz : float
        The clock that the kernels and all streams are built for.
    dma_memory : int
        Bytes of memory, from address 0, that are mapped for the overlay's DMAs.
    dsps, bram18, luts, flipflops : int
        Resources of the part: DSP slices, 18-Kbit block RAMs, look-up tables, flip-flops.
    geometry : Geometry
        The kernels' geometry if the user names no other.
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
    geometry: Geometry = DEFAULT


_Facts = dict[str, Any]
_XC7Z010: _Facts = {
    **{"dsps": 80, "bram18": 120, "luts": 17_600, "flipflops": 35_200},
    "geometry": Geometry(frame_lanes=2, block=8, kept=0),
}
_XC7Z020: _Facts = {"dsps": 220, "bram18": 280, "luts": 53_200, "flipflops": 106_400}
_ZU3EG: _Facts = {"dsps": 360, "bram18": 432, "luts": 70_560, "flipflops": 141_120}
_K26: _Facts = {"dsps": 1248, "bram18": 288, "luts": 117_120, "flipflops": 234_240}
_ZYNQ: _Facts = {"family": "zynq", "clock_mhz": 100.0, "dma_memory": 0x2000_0000}
# A period of 6 ns, to which the PLLs of both boards (1000 and 1500 MHz) divide exactly.
_ZYNQMP: _Facts = {"family": "zynqmp", "clock_mhz": 500 / 3, "dma_memory": 0x8000_0000}

BOARDS = {
    board.name: board
    for board in (
        Board("Pynq-Z1", part="xc7z020clg400-1", **_ZYNQ, **_XC7Z020),
        Board("Pynq-Z2", part="xc7z020clg400-1", **_ZYNQ, **_XC7Z020),
        Board("Arty-Z7-10", part="xc7z010clg400-1", **_ZYNQ, **_XC7Z010),
        Board("AUP-ZU3", part="xczu3eg-sfvc784-2-e", **_ZYNQMP, **_ZU3EG),
        Board("KV260", part="xck26-sfvc784-2LV-c", **_ZYNQMP, **_K26),
    )
}


def here() -> Board:
    """Return the board named by ``$BOARD``, or the default virtual board if it is not set.

    The default is Pynq-Z2, or KV260 where the installed pynq no longer supports Zynq-7000.

    Raises
    ------
    ValueError
        ``$BOARD`` names an unknown board.
    """
    return find(os.environ.get("BOARD") or ("KV260" if _pynq_release() >= 4 else "Pynq-Z2"))


def _pynq_release() -> int:
    try:
        return int(version("pynq").split(".")[0])
    except PackageNotFoundError:
        return 0


def geometry_of(name: str) -> Geometry:
    """Return the geometry of a board, or the one that `name` is; raise ValueError for neither."""
    if name in BOARDS:
        return BOARDS[name].geometry
    try:
        return Geometry.parse(name)
    except ValueError as error:
        raise ValueError(
            f"no board is called {name!r}, as {', '.join(BOARDS)} are, and {error}"
        ) from None


def find(name: str) -> Board:
    """Return the board of that name, or raise a ValueError that lists all names."""
    if name not in BOARDS:
        raise ValueError(f"no board is called {name!r}; choose from {', '.join(BOARDS)}")
    return BOARDS[name]
