"""Atomic writes: an output replaces a file only once it is complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".nibblestream-"  # how names of outputs begin that are not complete yet


def target(path: str | Path) -> Path:
    """Resolve the path of an output file and check that it can be written.

    Call it before a long computation, so that a bad path is reported first.

    Raises
    ------
    FileNotFoundError
        The parent folder does not exist.
    ValueError
        The path is not a regular file, but for example a folder or a device.
    PermissionError
        The parent folder, or the file that is there, is not writable.
    """
    found = Path(path).resolve()
    if not found.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {found.parent} to write it into")
    if found.exists() and not found.is_file():
        raise ValueError(f"{path}: is a folder or a device; expected the name of a file to write")
    if not os.access(found.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {found.parent} is not writable")
    if found.exists() and not os.access(found, os.W_OK):
        raise PermissionError(f"{path}: the file is write-protected; name another one")
    return found


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file in the same folder; rename it to `path` if the block succeeds.

    The permissions of a replaced file are kept. A process that is killed leaves the temporary file.
    Raises the same errors as `target`.
    """
    final = target(path)
    handle, name = tempfile.mkstemp(dir=final.parent, prefix=UNFINISHED, suffix=final.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(_mode(final))  # mkstemp creates private files (mode 0600)
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """Return the permissions of an existing file, or those the umask gives a new one."""
    if path.exists():
        return path.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
