"""Pairs of clean and noisy recordings, from a table or a corpus.

A table is a CSV file (PAIRS.csv) with the columns clean, noisy and optionally group.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .. import spec
from ..files.digest import content_digest, text_digest
from ..sound import reading
from . import corpora
from .clip import Clip


@dataclass(frozen=True)
class Pair:
    """One row of a table: paths relative to the table, and any groups, semicolon-separated."""

    table: Path
    row: int
    clean: str
    noisy: str
    group: str

    @property
    def name(self) -> str:
        """Table, row and noisy file."""
        return f"{self.table.name} row {self.row} ({self.noisy})"

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups listed in the table."""
        return tuple(group for part in self.group.split(";") if (group := part.strip()))

    @property
    def digest(self) -> str:
        """SHA-256 of both files' contents."""
        parts = [content_digest(self.table.parent / f) for f in (self.clean, self.noisy)]
        return text_digest("pair", *parts)

    def realise(self) -> Clip:
        """Read both files as mono at 8 kHz, cut to the shorter length.

        Raises
        ------
        ValueError, FileNotFoundError
            A cell is empty, a file cannot be read, or the lengths differ by more than a hop.
        """
        for column, cell in (("clean", self.clean), ("noisy", self.noisy)):
            if not cell:
                raise ValueError(f"column '{column}' is empty; expected an audio file")
        clean, noisy = (reading.read_mono(self.table.parent / f) for f in (self.clean, self.noisy))
        if abs(len(clean) - len(noisy)) > spec.HOP:
            raise ValueError(
                f"{self.clean} has {len(clean)} samples at 8 kHz and {self.noisy} {len(noisy)}; "
                f"expected lengths within {spec.HOP} of each other"
            )
        length = min(len(clean), len(noisy))
        return Clip(clean[:length], noisy[:length])


def read_pairs(table: str | Path) -> list[Pair]:
    """Read a table of pairs.

    Parameters
    ----------
    table : path
        A CSV file with the columns clean, noisy and optionally group; paths relative to it, and
        groups separated by semicolons.

    Returns
    -------
    list of Pair
        One per row; the files are not checked until a pair is realised.

    Raises
    ------
    FileNotFoundError, ValueError
        The file does not exist, is not a table of pairs, or has no rows.
    """
    table = Path(table)
    if not table.is_file():
        raise FileNotFoundError(f"{table}: no such file; expected a table of pairs")
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            pairs = _rows(table, csv.DictReader(file, skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{table}: is not a CSV in UTF-8 ({error})") from error
    if not pairs:
        raise ValueError(f"{table}: has no rows below its header; expected one for each pair")
    return pairs


def corpus_pairs(root: str | Path, split: str = "test") -> list[Pair]:
    """List the pairs of a corpus that contains noisy speech; see `corpora.paired`."""
    table = Path(root) / (corpora.layout(root) or "")
    return [Pair(table, row, *pair) for row, pair in enumerate(corpora.paired(root, split), 1)]


def _rows(table: Path, rows: csv.DictReader[str]) -> list[Pair]:
    found = rows.fieldnames or []
    if not {"clean", "noisy"} <= set(found):
        raise ValueError(f"{table}: has the columns {list(found)}; expected clean, noisy[, group]")
    cells = ("clean", "noisy", "group")
    return [
        Pair(table, rows.line_num, *((row.get(c) or "").strip() for c in cells)) for row in rows
    ]
