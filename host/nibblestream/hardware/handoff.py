"""The hardware handoff (.hwh) of a board's design, written without Vivado.

Vivado writes a handoff beside each bitstream. overlays/check runs the same scripts without Vivado
and writes one with the same facts, from which the virtual board is built.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..files.atomic import replacing
from ..geometry import Geometry
from . import sources
from .boards import Board
from .generate import tcl


def handoff(board: Board, geometry: Geometry | None = None) -> Path:
    """Return the .hwh of a board's design; write it if the cache does not have it.

    Parameters
    ----------
    board : Board
    geometry : Geometry, optional
        Of the kernels; the board's default if None.

    Raises
    ------
    FileNotFoundError
        The folder of the design was not installed.
    RuntimeError
        The check found errors in the design, or this Python has no Tcl.
    """
    overlays = sources.find("overlays")
    files = [*overlays.rglob("*.tcl"), *overlays.rglob("*.py")]
    kernels = (sources.find("hls") / "kernels").iterdir()
    chosen = geometry or board.geometry
    stem = f"handoff-{board.name}-{sources.digest([*files, *kernels], *tcl(chosen))}"
    path = sources.cache() / f"{stem}.hwh"
    if not path.is_file():
        _write(board, chosen, overlays, sources.writable_cache() / path.name)
    return path


def _write(board: Board, geometry: Geometry, overlays: Path, path: Path) -> None:
    with replacing(path) as temporary:
        options = ["--geometry", str(geometry), "--hwh", str(temporary)]
        command = [sys.executable, str(overlays / "check"), board.name, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"no hardware handoff of {board.name}'s block design: {done.stderr.strip()}"
            )
