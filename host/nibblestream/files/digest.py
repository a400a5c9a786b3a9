"""SHA-256 digests of files and of values."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path


def content_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal.

    The digest is cached by path, modification time and size.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    state = os.stat(path)
    return _content_digest(Path(path), state.st_mtime_ns, state.st_size)


@cache
def _content_digest(path: Path, mtime: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def text_digest(*parts: object) -> str:
    """Return the SHA-256 of the values' ``repr``, in hexadecimal."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
