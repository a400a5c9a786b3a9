"""Folders of results: their files appear whole or not at all, and replace none of others."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check(folder: str | Path, mark: str) -> None:
    """Refuse, before the work, a folder that cannot be made or written into, or is another's.

    Raises
    ------
    FileNotFoundError, FileExistsError, PermissionError
        There is nothing to make it in, it is a file, holds files but not `mark`, which earlier
        results have, or may not be written into.
    """
    _check_place(folder)
    found = Path(folder)
    if found.is_dir() and any(found.iterdir()) and not (found / mark).is_file():
        raise FileExistsError(
            f"{folder}: holds other files, which results could replace; expected a new folder, an "
            f"empty one, or one with earlier results ({mark})"
        )


@contextmanager
def filling(folder: str | Path) -> Iterator[Path]:
    """Give a temporary folder, whose files are moved into `folder` when the block ends.

    After an error nothing is moved. Files of other names stay.
    """
    _check_place(folder)
    final = Path(folder).resolve()
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".nibblestream-") as temporary:
        yield Path(temporary)
        final.mkdir(exist_ok=True)
        for file in sorted(Path(temporary).iterdir()):
            file.replace(final / file.name)


def _check_place(folder: str | Path) -> None:
    found = Path(folder).resolve()
    if not found.parent.is_dir():
        raise FileNotFoundError(f"{folder}: there is no folder {found.parent} to make it in")
    if found.exists() and not found.is_dir():
        raise FileExistsError(f"{folder}: is a file; expected the name of a folder")
    for needed in (found.parent, found):
        if needed.exists() and not os.access(needed, os.W_OK):
            raise PermissionError(f"{folder}: {needed} cannot be written into")
