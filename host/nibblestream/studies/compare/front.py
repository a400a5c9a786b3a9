"""The Pareto front of a comparison: the rows that no other row beats in bytes and in error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import pareto
from .rows import Row


def sized(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the first network (or of all pooled) that have bytes and an error."""
    return [
        row
        for row in rows
        if row.network == rows[0].network and row.bytes is not None and "error" in row.figures
    ]


def front(rows: Iterable[Row]) -> list[Row]:
    """Return the rows on the front, in rising order of bytes.

    Parameters
    ----------
    rows : iterable of Row
        With bytes and an error, as `sized` returns them. Bytes are of all weight data: codes,
        scales, zero points, tables and padding.
    """
    return pareto.front(rows, lambda row: (row.bytes or 0, row.figures["error"].mean))
