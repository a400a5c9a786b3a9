"""The overlay's scripts, as they are or with one text replaced, and what the check says of them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

OVERLAYS, HLS = (Path(__file__).resolve().parents[1] / name for name in ("overlays", "hls"))
sys.path.append(str(OVERLAYS / "check"))  # as `python overlays/check` has it

from scripts import check  # noqa: E402

__all__ = ["HLS", "OVERLAYS", "check", "handoff", "mutated"]


def mutated(folder: Path, file: str, old: str, new: str, count: int = 1) -> tuple[Path, int]:
    """Copy the scripts with `old` replaced in one file; return where, and the line of `old`."""
    copy = folder / "overlays"
    shutil.copytree(OVERLAYS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / file).read_text()
    assert text.count(old) == count, f"{file} has {text.count(old)} of {old!r}"
    (copy / file).write_text(text.replace(old, new))
    return copy, text[: text.index(old)].count("\n") + 1


def handoff(build: Path, board: str) -> ElementTree.Element:
    """Return the handoff that the check has written."""
    return ElementTree.parse(build / "overlays" / board / "nibblestream.hwh").getroot()
