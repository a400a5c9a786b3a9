"""The journal of a search: what was asked and told, in order, so that it can be resumed.

A text file with a line of JSON for each event. A line is written at once and never changed; a last
line that a killed process left unfinished is dropped.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from .sampler import Params
from .trial import Trial


@dataclass(frozen=True)
class Event:
    """A trial was asked for (`params`) or told (`trial`; None where its settings were refused)."""

    number: int
    params: Params | None = None
    trial: Trial | None = None


class Journal:
    """The events of one search.

    Parameters
    ----------
    file : text file, optional
        Open for reading and appending; by default the events are not stored.
    """

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = file
        self.events = [] if file is None else _read(file)

    def asked(self, number: int, params: Params) -> None:
        """Add that a trial was asked for."""
        self._write({"number": number, "params": params})

    def told(self, number: int, trial: Trial | None) -> None:
        """Add the result of a trial."""
        self._write({"number": number, "trial": None if trial is None else asdict(trial)})

    def _write(self, event: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(event) + "\n")
            self._file.flush()


@contextmanager
def open_journal(path: Path | None) -> Iterator[Journal]:
    """Open a journal, created if missing; with None, one that is not stored.

    Raises
    ------
    RuntimeError
        Another process has it open.
    """
    if path is None:
        yield Journal()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"another process runs this search (it holds {path}); wait for it, or end it"
            ) from None
        yield Journal(file)


def _read(file: IO[str]) -> list[Event]:
    """Return the events of all finished lines, and cut off what follows them."""
    file.seek(0)
    lines = file.read().splitlines(keepends=True)
    events: list[Event] = []
    for line in lines:
        try:
            events.append(_event(json.loads(line) if line.endswith("\n") else {}))
        except (ValueError, KeyError):
            break
    whole = "".join(lines[: len(events)])
    file.truncate(len(whole.encode()))
    return events


def _event(of: dict[str, Any]) -> Event:
    trial = of.get("trial")
    return Event(of["number"], of.get("params"), trial and Trial(**trial))
