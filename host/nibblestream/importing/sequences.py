"""Sequences as a network with memory takes them: where their rows are, found by running it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..network.front import REACH

Float = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Run = Callable[[Float], Float]

STEPS = 3  # of a sequence that is tried, if the network takes any number


@dataclass(frozen=True)
class Layout:
    """Where the rows of a sequence are in the inputs of a network with memory.

    Parameters
    ----------
    sizes : tuple of int
        Sizes of the dimensions before those of a row: the steps alone, or steps and batch in
        either order; 0 for a size that may be any.
    time : int
        Which of these dimensions counts the steps.
    row : tuple of int
        Shape of one row.
    """

    sizes: Shape
    time: int
    row: Shape

    @property
    def steps(self) -> int:
        """Number of steps that the network takes, 0 for any."""
        return self.sizes[self.time]

    def sequences(self, example: Float) -> list[Float]:
        """Return the sequences (n, inputs) of an example: one as rows, or a batch of them."""
        if example.ndim == 1 + len(self.row):
            return [example.reshape(len(example), -1)]
        batch = 1 - self.time if len(self.sizes) == 2 else 0
        return [rows.reshape(len(rows), -1) for rows in np.moveaxis(example, batch, 0)]

    def by_rows(self, run: Run) -> Run:
        """Return a network as a function of one sequence: outputs (n, ...) of rows (n, inputs).

        A shorter sequence than the network takes is followed by zeros, which no output before them
        depends on; a batch of a fixed size holds copies of the sequence.
        """
        return lambda x: self._rows(run(self._inputs(x)), len(x))

    def _shape(self, rows: int) -> Shape:
        return tuple(
            size or (rows if axis == self.time else 1) for axis, size in enumerate(self.sizes)
        )

    def _inputs(self, x: Float) -> Float:
        shape = self._shape(len(x))
        steps = np.zeros((shape[self.time], *self.row))
        steps[: len(x)] = x.reshape(len(x), *self.row)
        for axis in range(len(shape)):
            if axis != self.time:
                steps = np.expand_dims(steps, axis)
        return np.broadcast_to(steps, (*shape, *self.row)).copy()

    def _rows(self, found: Float, rows: int) -> Float:
        shape = self._shape(rows)
        if math.prod(found.shape[:-1]) != math.prod(shape):
            raise ValueError(
                f"the network gives outputs of shape {found.shape} for a sequence of "
                f"{shape[self.time]} steps; expected a row for each: return the outputs of all "
                "steps, not those of the last alone"
            )
        steps = np.moveaxis(found.reshape(*shape, -1), self.time, 0)[:rows]
        return np.asarray(steps.reshape(rows, -1, steps.shape[-1])[:, 0])


def split(dimensions: Shape) -> tuple[Shape, Shape]:
    """Return the dimensions of steps and batch, and those of a row, of all of a network's inputs.

    These are (time, features), (batch, time, ...) or (time, batch, ...).
    """
    leading = min(len(dimensions) - 1, 2)
    return dimensions[:leading], dimensions[leading:]


def layouts(sizes: Shape, row: Shape) -> list[Layout]:
    """Return the layouts that inputs may have, each with two steps or more."""
    return [Layout(sizes, time, row) for time, steps in enumerate(sizes) if steps != 1]


def remembered(run: Run, candidates: Sequence[Layout]) -> Layout:
    """Return the first layout by which a network's outputs depend on rows before.

    Raises
    ------
    ValueError
        There is none.
    """
    refusals = []
    for layout in candidates:
        try:
            if _remembers(layout.by_rows(run), layout):
                return layout
        except ValueError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]
    raise ValueError(
        "no output depends on rows before, so the state of a recurrent layer is not kept; expected "
        "inputs (time, features), (batch, time, features) or (time, batch, features), with any "
        "number of steps or with two and more"
    )


def _remembers(run: Run, layout: Layout) -> bool:
    steps = layout.steps or STEPS
    x = np.random.default_rng(0).uniform(-REACH, REACH, (steps, math.prod(layout.row)))
    other = x.copy()
    other[0] = -x[0]
    return bool((run(x)[1:] != run(other)[1:]).any())
