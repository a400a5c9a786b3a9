"""The hardware handoff of a board's design, as the check of the block design writes it.

Vivado writes one beside each bitstream; where there is no Vivado, overlays/check runs the same
scripts and writes the same facts. The virtual board is made from it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..files.atomic import replacing
from . import sources
from .boards import Board
from .generate import tcl


def handoff(board: Board) -> Path:
    """Return the .hwh of a board's design, written first if the design is new.

    Raises
    ------
    FileNotFoundError
        The package lacks the design.
    RuntimeError
        The design is wrong, or this Python has no Tcl.
    """
    overlays = sources.find("overlays")
    files = [*overlays.rglob("*.tcl"), *overlays.rglob("*.py")]
    kernels = (sources.find("hls") / "kernels").iterdir()
    stem = f"handoff-{board.name}-{sources.digest([*files, *kernels], *tcl())}"
    path = sources.cache() / f"{stem}.hwh"
    if not path.is_file():
        _write(board, overlays, sources.writable_cache() / path.name)
    return path


def _write(board: Board, overlays: Path, path: Path) -> None:
    with replacing(path) as temporary:
        command = [sys.executable, str(overlays / "check"), board.name, "--hwh", str(temporary)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"{board.name}'s block design gives no hardware handoff: {done.stderr.strip()}"
            )
