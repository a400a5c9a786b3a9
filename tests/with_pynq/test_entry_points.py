"""What pynq finds of an installed nibblestream by its entry points, without a board."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from pynqutils.setup_utils import ExtensionsManager

from block_design import OVERLAYS

try:
    distribution("nibblestream")
except PackageNotFoundError:
    pytest.skip("nibblestream is on the path, but not installed", allow_module_level=True)

GET_NOTEBOOKS = "from pynq._cli.get_notebooks import main; main()"


def test_get_notebooks_delivers_them(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "BOARD"}
    command = [sys.executable, "-c", GET_NOTEBOOKS, "nibblestream", "--ignore-overlays"]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment)
    delivered = tmp_path / "pynq-notebooks" / "nibblestream"
    expected = {path.name for path in (OVERLAYS.parent / "notebooks").glob("*.ipynb")}
    # A model that a notebook saved lies beside it in a working copy, and is delivered, too.
    found = {path.name for path in delivered.iterdir() if path.is_file()}
    assert {name for name in found if not name.endswith(".npz")} == expected


def test_overlays_are_looked_for_where_they_are_built():
    (folder,) = [Path(path) for path in ExtensionsManager("pynq.overlays").paths]
    assert (folder / "nibblestream.tcl").read_text() == (OVERLAYS / "nibblestream.tcl").read_text()
