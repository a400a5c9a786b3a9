"""Rows of several recordings: each is a sequence of its own, which starts from an empty state.

Errors, Hessians and products of matrices take all rows as one array, (n, width), one recording
after another. A recurrence takes a grid, (steps, sequences, width), whose sequences run side by
side; those that end early are followed by zeros, which never reach a row.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Index = npt.NDArray[np.intp]


class Sequences:
    """The division of rows into sequences.

    Parameters
    ----------
    lengths : int, shape (sequences,)
        Number of rows of each, 1 or more.
    """

    def __init__(self, lengths: npt.ArrayLike) -> None:
        self.lengths = np.asarray(lengths, np.intp)

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def _sequence(self) -> Index:
        """The sequence of each row."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def _step(self) -> Index:
        """The place of each row in its sequence."""
        return np.arange(len(self._sequence)) - self._starts[self._sequence]

    @cached_property
    def _starts(self) -> Index:
        """The first row of each sequence."""
        return np.cumsum(self.lengths) - self.lengths

    def grid(self, rows: Array) -> Array:
        """Return rows (n, width) as a grid (steps, sequences, width)."""
        found = np.zeros((self.lengths.max(initial=0), len(self), rows.shape[1]), rows.dtype)
        found[self._step, self._sequence] = rows
        return found

    def rows(self, grid: Array) -> Array:
        """Return the rows (n, width) of a grid."""
        return np.asarray(grid[self._step, self._sequence])

    def before(self, rows: Array) -> Array:
        """Return for each row the one before it in its sequence, zeros for the first."""
        found = np.zeros_like(rows)
        found[1:] = rows[:-1]
        found[self._starts] = 0
        return found

    def only(self, picked: Index) -> tuple[Index, Sequences]:
        """Return the rows of some sequences, by number, and their division into sequences."""
        some = Sequences(self.lengths[picked])
        return self._starts[picked][some._sequence] + some._step, some

    def groups(self, rows: int) -> list[Index]:
        """Return the numbers of all sequences, in groups of about `rows` rows."""
        group = (np.cumsum(self.lengths) - 1) // rows
        return np.split(np.arange(len(self)), np.flatnonzero(np.diff(group)) + 1)
