"""Scores that are known already, kept by the content of all that made them.

So a command that is called again, or was killed, computes only what it has not computed yet.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

from ..hardware import sources
from .score import Score, System

_LIBRARIES = ("numpy", "scipy", "soundfile", "pystoi", "pesq")
# What makes a score, whatever the backend.
_ROOMS = ("network", "speech", "hardware", "backends", "enhance", "quantize", "sound", "evaluate")
_KERNELS = ("kernels/*.?pp", "sim/*", "sim/axi/*")


class Known:
    """A table of scores in the cache's folder; several programs may use it at once.

    Parameters
    ----------
    path : path, optional
        An SQLite file, made if it is not there; without one, scores are kept until `close`.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._database = sqlite3.connect(path, timeout=60.0)
        with self._database as database:
            database.execute("CREATE TABLE IF NOT EXISTS scores (key TEXT PRIMARY KEY, score TEXT)")

    def get(self, keys: Sequence[str]) -> dict[str, Score]:
        """Return what is known of these."""
        found = {}
        for key in keys:
            row = self._database.execute(
                "SELECT score FROM scores WHERE key = ?", (key,)
            ).fetchone()
            if row is not None:
                found[key] = json.loads(row[0])
        return found

    def put(self, scores: Mapping[str, Score]) -> None:
        """Keep scores; from now on they outlive this process."""
        rows = [(key, json.dumps(score)) for key, score in scores.items()]
        with self._database as database:
            database.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


@contextmanager
def open_known() -> Iterator[Known]:
    """Open the scores in the folder ``NIBBLESTREAM_CACHE``, ~/.cache/nibblestream by default."""
    with closing(Known(sources.writable_cache() / "scores.sqlite")) as known:
        yield known


def key(clip: str, system: System, backend: str, metric: str) -> str:
    """Return the name of a score: a digest of clip, system, backend, metric, and the code."""
    parts = (clip, system.model, system.settings, backend, metric, code())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def code() -> str:
    """Return a digest of the sources that make a score, and of the libraries' versions.

    Two machines that agree in it give the same scores.
    """
    package = Path(__file__).parents[1]
    files = [*package.glob("*.py")]
    files += [path for room in _ROOMS for path in (package / room).rglob("*.py")]
    files += [path for pattern in _KERNELS for path in sources.find("hls").glob(pattern)]
    return sources.digest(files, *(f"{name} {metadata.version(name)}" for name in _LIBRARIES))
