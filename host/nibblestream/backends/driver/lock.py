"""The lock that limits a board to one driver at a time."""

from __future__ import annotations

import fcntl
import os
import re
import weakref
from pathlib import Path
from typing import IO, Final

from .fault import BoardError

FOLDER: Final = Path("/tmp")  # not $TMPDIR, which may differ between processes


class BoardLock:
    """A lock, held from construction until `release()` or the end of the object or the process.

    Parameters
    ----------
    name : str
        Name of the board.

    Raises
    ------
    BoardError
        Another Enhancer or Predictor, here or in another process, holds the lock.
    """

    def __init__(self, name: str) -> None:
        path = FOLDER / f"nibblestream-{re.sub(r'[^a-zA-Z0-9-]+', '-', name)}.lock"
        try:
            file = path.open("a")
        except OSError as error:
            raise BoardError(f"{name}: its lock {path} cannot be opened: {error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The previous holder may have removed the file after it was opened here.
            held = os.path.samestat(path.stat(), os.fstat(file.fileno()))
        except OSError:
            held = False
        if not held:
            file.close()
            raise BoardError(
                f"{name} is in use by another Enhancer or Predictor, here or in another process: "
                "close that one"
            )
        self.release = weakref.finalize(self, _release, path, file, os.getpid())


def _release(path: Path, file: IO[str], owner: int) -> None:
    """Release the lock, except in a process that was forked from the owner."""
    if os.getpid() == owner:
        path.unlink(missing_ok=True)
    file.close()
