"""Arrays from files: .npy, .npz and .csv."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from . import table

Array = npt.NDArray[Any]

SUFFIXES: Final = (".npy", ".npz", ".csv")
MAGIC: Final = b"\x93NUMPY"  # first bytes of a .npy file


def check_suffix(path: Path, verb: str) -> None:
    """Raise ValueError unless the path names a file of rows; `verb` says what for."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{path}: cannot {verb} rows as '{path.suffix}'; expected {', '.join(SUFFIXES)}"
        )


def read(path: Path) -> Array:
    """Return the array of a file; of a .npy file without reading it into memory.

    Parameters
    ----------
    path : Path
        A .npy file, a .npz file of one array, or a .csv file, see `table.parse`.

    Raises
    ------
    FileNotFoundError, OSError
        There is no such file, or it cannot be read.
    ValueError
        Its suffix is none of these, it is damaged, or a .npz file has not one array.
    """
    check_suffix(path, "read")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected rows of numbers")
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            return table.parse(lines, str(path))
    with path.open("rb"):  # raises the operating system's error if the file cannot be opened
        pass
    try:
        return _only(path) if path.suffix.lower() == ".npz" else _mapped(path)
    except Exception as error:  # damaged bytes make zipfile and NumPy raise many kinds
        raise ValueError(f"{path}: cannot be read as '{path.suffix}': {error}") from error


def _mapped(path: Path) -> Array:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it is no array written by numpy.save")
    found: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def _only(path: Path) -> Array:
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no archive written by numpy.savez")
    with np.load(path, allow_pickle=False) as archive:
        if len(archive.files) != 1:
            names = ", ".join(archive.files) or "none"
            raise ValueError(f"it holds the arrays {names}; expected one: save it alone")
        found: Array = archive[archive.files[0]]
        return found
