"""One driver a board: a lock that the process holds, and loses when it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from pathlib import Path

from .fault import BoardError


class BoardLock:
    """Held from its making to `release`.

    Parameters
    ----------
    name : str
        Of the board.

    Raises
    ------
    BoardError
        Another Enhancer, here or in another process, holds it.
    """

    def __init__(self, name: str) -> None:
        stem = re.sub(r"[^\w-]+", "-", name)
        self._path = Path(tempfile.gettempdir()) / f"nibblestream-{stem}.lock"
        self._file = self._path.open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before may have removed the file that was opened here.
            held = (
                self._path.exists()
                and self._path.stat().st_ino == os.fstat(self._file.fileno()).st_ino
            )
        except OSError:
            held = False
        if not held:
            self._file.close()
            raise BoardError(
                f"{name} is in use by another Enhancer, here or in another process: close that one"
            )

    def release(self) -> None:
        """Give the board free."""
        self._path.unlink(missing_ok=True)
        self._file.close()
