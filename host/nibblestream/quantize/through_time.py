"""Derivatives of recurrences: slopes of the sums of layers with memory, backwards through time.

Slopes are derivatives of a function of the outputs in all rows. With `power` 2 each factor of the
chain rule is squared, which gives sums of squared derivatives without cross terms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..network.memory import GAIN, Memory
from ..network.recurrent import Recurrent
from .sequences import Sequences

Array = npt.NDArray[Any]


def of_memory(cell: Memory, sums: Array, slope: Array, sequences: Sequences, power: int) -> Array:
    """Return the slopes of the sums (n, 3 units) of a layer with memory.

    Parameters
    ----------
    cell : Memory
    sums : shape (n, 3 units)
    slope : shape (n, units)
        Of the outputs.
    sequences : Sequences
    power : {1, 2}
    """
    forget, candidate, gate = cell.gates(sequences.grid(sums))
    states = cell.states(forget, candidate, np.zeros_like(forget[0]))
    before = np.concatenate([np.zeros_like(states[:1]), states[:-1]])
    of_z = GAIN * forget * (1 - forget) * (candidate - before)
    of_c = forget * (1 - candidate**2)
    of_o = gate * (1 - gate) * states
    outputs, keep = sequences.grid(slope), (1 - forget) ** power
    found = outputs * gate**power  # slopes of the states
    for t in range(len(found) - 2, -1, -1):
        found[t] += found[t + 1] * keep[t + 1]
    every = (found * of_z**power, found * of_c**power, outputs * of_o**power)
    return sequences.rows(_interleaved(*every))


def of_recurrent(
    weights: Array,
    cell: Recurrent,
    rows: tuple[Array, Array, Array],
    slope: Array,
    sequences: Sequences,
    power: int,
) -> tuple[Array, Array]:
    """Return the slopes of the sums of a recurrent layer, and of its inputs, (n, 3 units) each.

    Parameters
    ----------
    weights : shape (3 units, units)
    cell : Recurrent
    rows : shapes (n, 3 units), (n, units) and (n, 3 units)
        Inputs, the outputs of the rows before, and sums.
    slope : shape (n, units)
        Of the outputs.
    sequences : Sequences
    power : {1, 2}
    """
    inputs, before, row_sums = rows
    reset, keep, new = cell.gates(inputs, row_sums)
    of_n = (1 - keep) * (1 - new**2)
    of_z = (before - new) * keep * (1 - keep)
    of_r = of_n * row_sums[:, 2::3] * reset * (1 - reset)
    sums = _interleaved(of_r, of_z, of_n * reset) ** power
    added = _interleaved(of_r, of_z, of_n) ** power
    found, of_sums = sequences.grid(slope), sequences.grid(sums)  # slopes of the states, at first
    kept, matrix = sequences.grid(keep**power), weights**power  # without those of later rows
    for t in range(len(found) - 2, -1, -1):
        later = found[t + 1]
        found[t] += later * kept[t + 1] + (np.repeat(later, 3, 1) * of_sums[t + 1]) @ matrix
    states = np.repeat(sequences.rows(found), 3, 1)
    return states * sums, states * added


def _interleaved(*every: Array) -> Array:
    """Return arrays (..., units) as one, (..., len(every) * units), unit by unit."""
    return np.stack(every, axis=-1).reshape(*every[0].shape[:-1], -1)
