"""Check the block design without Vivado, and write its hardware handoff.

``python overlays/check [BOARD ...] [--hwh FILE]`` runs build.tcl and check_timing.tcl, as
`make overlay` does, in a Tcl interpreter with the stand-ins for Vivado's commands in vivado.py. The
exit status is 1 if a script is wrong; each error names the script's line.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from nibblestream import spec
from nibblestream.geometry import Geometry
from nibblestream.hardware.boards import BOARDS
from scripts import check


def main() -> int:
    """Check the boards that the command line names."""
    parser = argparse.ArgumentParser(description="Check the block design without Vivado.")
    parser.add_argument("board", nargs="*", default=[*BOARDS], metavar="BOARD", help="default: all")
    parser.add_argument("--hwh", type=Path, help="file for the handoff of the one BOARD")
    parser.add_argument("--geometry", type=Geometry.parse, help="default: the board's own")
    options = parser.parse_args()
    unknown = [board for board in options.board if board not in BOARDS]
    if unknown or (options.hwh and len(options.board) != 1):
        parser.error(f"BOARD must be {'one' if options.hwh else 'any'} of {', '.join(BOARDS)}")
    status = 0
    for board in options.board:
        with tempfile.TemporaryDirectory() as build:
            geometry = options.geometry or BOARDS[board].geometry
            errors = check(board, Path(build), geometry=geometry)
            if options.hwh and not errors:
                shutil.copy(Path(build, "overlays", board, f"{spec.OVERLAY}.hwh"), options.hwh)
        print(
            "\n".join(errors) if errors else f"{board}: the block design is right", file=sys.stderr
        )
        status |= bool(errors)
    return status


if __name__ == "__main__":
    sys.exit(main())
