"""The geometry of a bitstream's kernels, which their register `identity` tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...geometry import Geometry
from ...hardware.boards import Board
from .deadline import Deadline
from .fault import BoardError
from .kernel import DONE, IDLE, Kernel

PROBE_SECONDS: Final = 1.0


def identify(kernels: Sequence[Kernel], board: Board, device: Any) -> Geometry:
    """Return the geometry that all kernels have.

    Raises
    ------
    BoardError
        A kernel does not answer, is of another version, or has another geometry than the first.
    """
    found = [_geometry(kernel, board, device) for kernel in kernels]
    for kernel, geometry in zip(kernels, found, strict=True):
        if geometry != found[0]:
            raise BoardError(
                f"{kernel.name} has the geometry {geometry}, but {kernels[0].name} {found[0]}: "
                "rebuild the bitstream with all kernels of one geometry"
            )
    return found[0]


def _geometry(kernel: Kernel, board: Board, device: Any) -> Geometry:
    """Read the register, which a call with 0 frames sets."""
    kernel.set(frames=0)
    kernel.begin()
    if not Deadline(PROBE_SECONDS, device).until(lambda: bool(kernel.control() & (DONE | IDLE))):
        raise BoardError(f"{kernel.name} does not answer", {"CTRL": kernel.control()})
    found = kernel.result("identity")
    geometry = Geometry.identified(found)
    if geometry is None:
        raise BoardError(
            f"{kernel.name} has identity {found:#010x}; this package drives "
            f"{board.geometry.identity:#010x}, of {board.name}'s geometry {board.geometry}, and "
            "other geometries of this version: the bitstream is of another version; "
            "rebuild it, or install the package it is from"
        )
    return geometry
