"""TUT Acoustic Scenes 2016, development set: 30 s segments, scenes, and four folds by location.

A segment is named after its recording, of which there is one per location: a001_0_30.wav. The
evaluation files of the first fold are test. Its training files are train and val: of each scene's
locations, sorted by name, the second of every five is val.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from .named import Splits

_TRAIN, _TEST = "evaluation_setup/fold1_train.txt", "evaluation_setup/fold1_evaluate.txt"
_FIRST, _EVERY = 1, 5


def tut(root: Path, names: Iterable[str]) -> Splits:
    """Sort segments into splits by the lists of the first fold.

    Raises
    ------
    FileNotFoundError
        A list of the fold, or an audio file that it names, is missing.
    """
    base = _base(root)
    if base is None:
        return {}
    training, test = _rows(base / _TRAIN), _rows(base / _TEST)
    held_out = _held_out(training)
    listed = {
        "train": [file for file in training if _location(file) not in held_out],
        "val": [file for file in training if _location(file) in held_out],
        "test": list(test),
    }
    _check(base, [*training, *test])
    inside = base.relative_to(root)
    known = set(names)
    found = {s: sorted((inside / file).as_posix() for file in listed[s]) for s in listed}
    return {s: [name for name in found[s] if name in known] for s in found if found[s]}


def scenes(root: Path) -> dict[Path, str]:
    """Return the scene of each segment, as named in meta.txt, by resolved path."""
    base = _base(root)
    if base is None or not (base / "meta.txt").is_file():
        return {}
    return {(base / file).resolve(): scene for file, scene in _rows(base / "meta.txt").items()}


def _base(root: Path) -> Path | None:
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        if (folder / _TRAIN).is_file():
            return folder
    return None


def _rows(path: Path) -> dict[str, str]:
    """Read lines of audio file, tab, scene; later years have more columns."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {row[0].strip(): row[1].strip() for row in csv.reader(file, delimiter="\t") if row}


def _location(file: str) -> str:
    return PurePosixPath(file).name.split("_")[0]


def _held_out(training: dict[str, str]) -> set[str]:
    held_out: set[str] = set()
    for scene in set(training.values()):
        locations = sorted({_location(file) for file, s in training.items() if s == scene})
        held_out.update(locations[_FIRST::_EVERY])
    return held_out


def _check(base: Path, files: list[str]) -> None:
    missing = [file for file in files if not (base / file).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{base}: {len(missing)} of {len(files)} segments of fold 1 are missing, such as "
            f"{missing[0]}; unpack all archives of the development set"
        )
