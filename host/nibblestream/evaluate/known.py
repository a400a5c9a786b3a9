"""A cache of scores, keyed by a digest of everything that determines a score.

A command that is repeated or was killed computes only the missing scores.
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
# Source folders that determine a score, for any backend.
_ROOMS = ("network", "speech", "hardware", "backends", "enhance", "quantize", "sound", "evaluate")
_KERNELS = ("kernels/*.?pp", "sim/*", "sim/axi/*")


class Known:
    """A database of scores; several programs may use one file at the same time.

    Parameters
    ----------
    path : path, optional
        An SQLite file, created if missing; by default, scores are kept in memory until `close`.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._database = sqlite3.connect(path, timeout=60.0)
        # A write-ahead log: what was put survives the end of this process, without waiting for the
        # disk each time; only a crash of the machine can lose the latest scores.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self._database as database:
            database.execute("CREATE TABLE IF NOT EXISTS scores (key TEXT PRIMARY KEY, score TEXT)")

    def get(self, keys: Sequence[str]) -> dict[str, Score]:
        """Return the known scores of these keys."""
        found = {}
        for key in keys:
            row = self._database.execute(
                "SELECT score FROM scores WHERE key = ?", (key,)
            ).fetchone()
            if row is not None:
                found[key] = json.loads(row[0])
        return found

    def put(self, scores: Mapping[str, Score]) -> None:
        """Store scores and commit them."""
        rows = [(key, json.dumps(score)) for key, score in scores.items()]
        with self._database as database:
            database.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


@contextmanager
def open_known() -> Iterator[Known]:
    """Open the cache of scores in ``NIBBLESTREAM_CACHE``, by default ~/.cache/nibblestream."""
    with closing(Known(sources.writable_cache() / "scores.sqlite")) as known:
        yield known


def key(clip: str, system: System, backend: str, metric: str) -> str:
    """Return the key of a score: a digest of clip, system, backend, metric and `code`."""
    parts = (clip, system.model, system.settings, backend, metric, code())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def code() -> str:
    """Return a digest of the sources and library versions that scores depend on.

    Machines with the same digest compute the same scores.
    """
    package = Path(__file__).parents[1]
    files = [*package.glob("*.py")]
    files += [path for room in _ROOMS for path in (package / room).rglob("*.py")]
    files += [path for pattern in _KERNELS for path in sources.find("hls").glob(pattern)]
    return sources.digest(files, *(f"{name} {metadata.version(name)}" for name in _LIBRARIES))
