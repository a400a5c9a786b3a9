"""Output folders: results are moved in when complete, and never overwrite unrelated files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .atomic import UNFINISHED


def check(folder: str | Path, mark: str) -> None:
    """Check, before the work starts, that results can be written to a folder.

    Parameters
    ----------
    folder : str or Path
        New, empty, or with earlier results.
    mark : str
        Name of a file that every folder of results contains.

    Raises
    ------
    FileNotFoundError
        The parent folder does not exist.
    FileExistsError
        The path is a file, or a folder that contains files but not `mark`.
    PermissionError
        The folder or its parent is not writable.
    """
    _check_place(folder)
    found = Path(folder)
    if _holds_files(found) and not (found / mark).is_file():
        raise FileExistsError(
            f"{folder}: holds other files, which the results could overwrite; expected a new "
            f"folder, an empty one, or one with earlier results ({mark})"
        )


@contextmanager
def filling(folder: str | Path, mark: str) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `folder` if the block succeeds.

    After an error nothing is moved. Existing files with other names are kept. The `mark` is moved
    first: a process that is killed meanwhile leaves a folder that `check` accepts.
    """
    _check_place(folder)
    final = Path(folder).resolve()
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=UNFINISHED) as temporary:
        yield Path(temporary)
        final.mkdir(exist_ok=True)
        for file in sorted(Path(temporary).iterdir(), key=lambda file: file.name != mark):
            file.replace(final / file.name)


def _holds_files(folder: Path) -> bool:
    """Return whether a folder holds more than what killed processes left."""
    return folder.is_dir() and not all(
        path.name.startswith(UNFINISHED) for path in folder.iterdir()
    )


def _check_place(folder: str | Path) -> None:
    found = Path(folder).resolve()
    if not found.parent.is_dir():
        raise FileNotFoundError(f"{folder}: there is no folder {found.parent} to create it in")
    if found.exists() and not found.is_dir():
        raise FileExistsError(f"{folder}: is a file; expected the name of a folder")
    for needed in (found.parent, found):
        if needed.exists() and not os.access(needed, os.W_OK):
            raise PermissionError(f"{folder}: {needed} is not writable")
