"""Noise types of files, for the groups of an evaluation."""

from __future__ import annotations

import csv
from pathlib import Path

from .corpora import SPLITS
from .corpora.tut import scenes


def noise_types(folder: Path, paths: list[Path]) -> dict[Path, str]:
    """Return the noise type of each file in a folder or its sub-folders.

    It is taken from `manifest.csv` (columns file, relative to the manifest, and noise_type) in the
    folder or its nearest parent that has one; without one, from the meta.txt of TUT Acoustic
    Scenes. The type of a file not listed there is the name of its sub-folder, or, directly in
    `folder` or its train, val or test folder, the file's own name.
    """
    listed = _manifest(folder.resolve()) or scenes(folder)
    return {path: listed.get(path.resolve()) or _by_place(folder, path) for path in paths}


def _by_place(folder: Path, path: Path) -> str:
    at_top = path.parent in (folder, *(folder / split for split in SPLITS))
    return path.stem if at_top else path.parent.name


def _manifest(folder: Path) -> dict[Path, str]:
    for parent in (folder, *folder.parents):
        if (parent / "manifest.csv").is_file():
            listed = _read(parent / "manifest.csv")
            if listed:
                return listed
    return {}


def _read(manifest: Path) -> dict[Path, str]:
    with manifest.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.DictReader(file)
        if not {"file", "noise_type"} <= set(rows.fieldnames or ()):
            return {}
        return {manifest.parent / row["file"]: row["noise_type"] for row in rows if row["file"]}
