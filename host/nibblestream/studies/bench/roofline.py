"""Roofline model: the limits of a board's code port and multipliers, and the networks' points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ... import spec
from ...geometry import Geometry
from ...hardware import cycles
from ...hardware.boards import Board
from ...hardware.traffic import BEAT_BYTES, stream_bytes
from ...network import code_order
from .figures import COUNTED, RATE, WEIGHTS, Row

KERNELS: Final = "kernels alone"


class Point(NamedTuple):
    """A point of the roofline: one network in blocks of one size.

    Parameters
    ----------
    who : str
        `KERNELS` for the cycle model, else the backend the network ran on.
    network : str
    block : int
    unit : str
        "frame", or "row" for a plain network.
    intensity : float
        MAC per byte of codes.
    speed : float
        MAC per second.
    """

    who: str
    network: str
    block: int
    unit: str
    intensity: float
    speed: float


def port(board: Board) -> float:
    """Return the peak bandwidth of the code ports in bytes/s: one beat of each per clock."""
    return BEAT_BYTES * board.geometry.ports * board.clock_mhz * 1e6


def multipliers(bits: int, geometry: Geometry) -> int:
    """Return the number of multipliers in use with codes of `bits` bits."""
    return code_order.step_codes(bits, geometry) * geometry.frame_lanes


def points(rows: Sequence[Row], board: Board) -> list[Point]:
    """Return the points of all quantized networks, without duplicates.

    Parameters
    ----------
    rows : sequence of Row
        Every row gives a `KERNELS` point (the kernels without the driver, modelled); a row of a
        backend with byte counters also gives a point of that backend.
    board : Board
        Board whose clock the kernels run at.
    """
    coded = [row for row in rows if set(row.bits) <= set(spec.CODE_BITS)]
    several = len({row.model for row in coded}) > 1
    found = []
    for row in coded:
        name = f"{row.model}, {row.widths} bits" if several else f"{row.widths} bits"
        found.append(_kernels(row, name, board))
        weights = row.figures[WEIGHTS]
        if weights.kind == COUNTED:
            speed = row.macs * row.figures[RATE].value
            intensity = row.macs / weights.value
            found.append(Point(row.backend, name, row.block, row.rows.unit, intensity, speed))
    return list(dict.fromkeys(found))


def _kernels(row: Row, name: str, board: Board) -> Point:
    block = cycles.Block(row.layers, row.block, row.rows)
    intensity = row.macs * row.block / stream_bytes(row.layers)
    speed = row.macs * block.rate(board.clock_mhz)
    return Point(KERNELS, name, row.block, row.rows.unit, intensity, speed)
