"""Atomic writes: an output replaces a file only once it is complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def target(path: str | Path) -> Path:
    """Return the file that a path to be written leads to, links followed.

    Long work calls this first, so that it does not end in an error that was there before.

    Raises
    ------
    FileNotFoundError
        There is no folder to write into.
    ValueError
        There is something other than a file: a folder, a device.
    PermissionError
        The folder cannot be written into.
    """
    found = Path(path).resolve()
    if not found.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {found.parent} to write it into")
    if found.exists() and not found.is_file():
        raise ValueError(f"{path}: is a folder or a device; expected the name of a file to write")
    if not os.access(found.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {found.parent} cannot be written into")
    return found


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, moved onto it when the block ends without error.

    A file that was there keeps its permissions. Raises as `target` does.
    """
    final = target(path)
    handle, name = tempfile.mkstemp(dir=final.parent, prefix=".nibblestream-", suffix=final.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(_mode(final))  # mkstemp's files are private; a user's need not be
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
