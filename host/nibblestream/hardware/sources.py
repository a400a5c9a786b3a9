"""Folders of the kernels' C++ and the block design's Tcl, and the cache of what is built from them.

The kernels (``hls``) and the block design (``overlays``) are beside the library in the repository
and inside it in an installed package.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

BUILDING: Final = "building-"  # prefix of temporary folders in the cache
ABANDONED_SECONDS: Final = 86_400.0  # older temporary folders are from killed builds
_PACKAGE = Path(__file__).resolve().parents[1]


def find(name: str) -> Path:
    """Return the folder `name`, "hls" or "overlays".

    Raises
    ------
    FileNotFoundError
        The folder was not installed.
    """
    folders = [_PACKAGE / name, _PACKAGE.parents[1] / name]
    for folder in folders:
        if folder.is_dir():
            return folder
    looked = " or ".join(map(str, folders))
    raise FileNotFoundError(f"there is no {looked}: reinstall nibblestream")


def cache() -> Path:
    """Return the cache folder for built files; ``NIBBLESTREAM_CACHE`` overrides the default."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    named = os.environ.get("NIBBLESTREAM_CACHE") or f"{base}/nibblestream"
    return Path(named).expanduser()


def writable_cache() -> Path:
    """Create the cache folder, remove what killed builds left there, and return it.

    Raises
    ------
    OSError
        The folder cannot be created or written to.
    """
    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{BUILDING}*"):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError("it cannot be written to")
    except OSError as error:
        raise OSError(
            f"the cache of compiled kernels and handoffs, {folder}, cannot be used: "
            f"{error.strerror or error}; name another folder by NIBBLESTREAM_CACHE=..."
        ) from error
    return folder


def digest(files: Iterable[Path], *more: str) -> str:
    """Return a digest of files (names and contents) and texts, as 24 hexadecimal digits."""
    sha = hashlib.sha256(repr(more).encode())
    for path in sorted(path for path in files if path.is_file()):
        sha.update(path.name.encode() + path.read_bytes())
    return sha.hexdigest()[:24]
