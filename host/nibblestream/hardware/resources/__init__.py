"""Resource model of the kernels, from `spec` and a geometry: estimated, not synthesised.

The model counts multipliers, memories, adders, multiplexers and the registers behind them, in the
widths that `spec` and the geometry give. It does not count state machines, address registers, what
HLS adds to meet timing, or AMD's IPs in the design (DMAs, interconnect, performance monitor). The
actual resources of the kernels are in the report of Vitis HLS.
"""

from __future__ import annotations

from dataclasses import astuple

from ...geometry import Geometry
from ..boards import Board
from ..fabric import Resources
from .cordic import cordic_rotation, cordic_vectoring, polar_fifo
from .lut_mac import lut_mac


def design(geometry: Geometry) -> dict[str, Resources]:
    """Return the cost of each part of the overlay, by name."""
    return {
        "cordic_vectoring": cordic_vectoring(),
        "lut_mac": lut_mac(geometry),
        "cordic_rotation": cordic_rotation(),
        "FIFO for phases": polar_fifo(geometry),
    }


def whole(geometry: Geometry) -> Resources:
    """Return the cost of the overlay."""
    return sum(design(geometry).values(), Resources())


def report(board: Board, geometry: Geometry | None = None) -> str:
    """Return a table of the design's resources and those of the board.

    Parameters
    ----------
    board : Board
    geometry : Geometry, optional
        The board's geometry if None.
    """
    chosen = board.geometry if geometry is None else geometry
    total = whole(chosen)
    rows = [f"{'resources: model, not synthesised':<34}{'DSP':>9}{'BRAM18':>9}{'LUT':>9}{'FF':>9}"]
    rows += [_row(name, part) for name, part in design(chosen).items()]
    rows += [_row("all", total), _row(f"on {board.part}", Resources.of(board))]
    verdict = "it fits" if total.fit(board) else "it does not fit"
    rows.append(f"{verdict:<34}" + "".join(f"{share:>9.0%}" for share in total.shares(board)))
    return "\n".join([*rows, "AMD's DMAs, interconnect and performance monitor are not counted"])


def _row(name: str, part: Resources) -> str:
    return f"{name:<34}" + "".join(f"{count:>9,}" for count in astuple(part))
