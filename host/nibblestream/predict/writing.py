"""Arrays to files, block by block: .npy, .npz and .csv."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..files.atomic import replacing, target
from . import table
from .reading import check_suffix

Write = Callable[[npt.NDArray[Any]], object]

NAME = "y"  # of the array in a .npz file


def check_target(path: Path) -> None:
    """Check, before the work, that rows can be written; raise as `writing` does."""
    check_suffix(path, "write")
    target(path)


@contextmanager
def writing(path: Path, shape: tuple[int, int], dtype: npt.DTypeLike) -> Iterator[Write]:
    """Yield a function that writes the next rows; the file appears when all are written.

    Parameters
    ----------
    path : Path
        A .npy, .npz or .csv file.
    shape : (int, int)
        Shape of all rows together.
    dtype : dtype

    Raises
    ------
    ValueError
        The suffix is none of these.
    FileNotFoundError, PermissionError
        The folder does not exist, or the file cannot be written.
    """
    check_target(path)
    suffix = path.suffix.lower()
    with replacing(path) as temporary:
        if suffix == ".csv":
            with temporary.open("w", encoding="utf-8", newline="") as text:
                yield lambda rows: table.write(text, rows)
        elif suffix == ".npy":
            with temporary.open("wb") as file:
                yield _array(file, shape, dtype)
        else:
            with (
                zipfile.ZipFile(temporary, "w") as archive,
                archive.open(f"{NAME}.npy", "w", force_zip64=True) as member,
            ):
                yield _array(member, shape, dtype)


def _array(file: IO[bytes], shape: tuple[int, int], dtype: npt.DTypeLike) -> Write:
    """Write the header of a .npy file, and return a function that writes its next rows."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return lambda rows: file.write(np.ascontiguousarray(rows, dtype).tobytes())
