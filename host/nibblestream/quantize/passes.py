"""Layers on all calibration rows, forwards and backwards, each sequence from an empty state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..network.activation import Activation
from ..network.memory import Cell, Memory
from ..network.recurrent import Recurrent
from .sequences import Sequences
from .through_time import of_memory, of_recurrent

Array = npt.NDArray[Any]
Layer = tuple[Array, Array, Cell]  # weights (out, columns), biases (out,) and what follows them


class Pass(NamedTuple):
    """What a layer computes in each row; all arrays have the dtype of its inputs.

    Parameters
    ----------
    inputs : shape (n, inputs)
    factors : shape (n, columns)
        What the matrix multiplies, see `factors`.
    sums : shape (n, out)
        Products of the matrix and `factors`, plus biases.
    outputs : shape (n, units)
    """

    inputs: Array
    factors: Array
    sums: Array
    outputs: Array


def factors(layer: Layer, inputs: Array, sequences: Sequences) -> Array:
    """Return what a layer's matrix multiplies in each row, (n, columns).

    Those are its inputs; in a recurrent layer, its own outputs of the row before.
    """
    weights, bias, cell = layer
    if not isinstance(cell, Recurrent):
        return inputs
    state = np.zeros((len(sequences), weights.shape[1]), inputs.dtype)
    outputs, _ = cell.run(sequences.grid(inputs), state, weights, bias)
    return sequences.before(sequences.rows(outputs))


def forward(layer: Layer, inputs: Array, sequences: Sequences) -> Pass:
    """Run a layer on rows (n, inputs), in their dtype."""
    weights, bias, cell = layer
    weights, bias = weights.astype(inputs.dtype), bias.astype(inputs.dtype)
    seen = factors((weights, bias, cell), inputs, sequences)
    sums = seen @ weights.T + bias
    if isinstance(cell, Recurrent):
        outputs = cell.step(inputs, sums, seen)
    elif isinstance(cell, Memory):
        outputs = sequences.rows(cell(sequences.grid(sums)))
    else:
        outputs = cell(sums)
    return Pass(inputs, seen, sums, outputs)


def run(layers: Iterable[Layer], inputs: Array, sequences: Sequences) -> list[Pass]:
    """Run layers one after another on rows (n, inputs) of the first."""
    found: list[Pass] = []
    for layer in layers:
        found.append(forward(layer, inputs, sequences))
        inputs = found[-1].outputs
    return found


def slopes(
    layers: Sequence[Layer],
    passes: Sequence[Pass],
    slope: Array,
    sequences: Sequences,
    limits: tuple[float, float],
    power: int = 1,
) -> list[Array]:
    """Return the slopes of each layer's sums, (n, out): derivatives of a function of the outputs.

    Parameters
    ----------
    layers : sequence of Layer
    passes : sequence of Pass
    slope : shape (n, outputs) or (n, 1)
        Of the network's outputs, after `limits`.
    sequences : Sequences
    limits : (float, float)
        Limits of the network's outputs.
    power : {1, 2}
        2: each factor of the chain rule is squared, for squared derivatives without cross terms.
    """
    found: list[Array] = []
    for i in range(len(layers) - 1, -1, -1):
        (weights, _, cell), done = layers[i], passes[i]
        last = limits if i == len(layers) - 1 else None
        sums, added = _through(layers[i], done, slope, sequences, power, last)
        found.insert(0, sums)
        if i > 0:
            slope = added if isinstance(cell, Recurrent) else added @ weights**power
    return found


def _through(
    layer: Layer,
    done: Pass,
    slope: Array,
    sequences: Sequences,
    power: int,
    limits: tuple[float, float] | None,
) -> tuple[Array, Array]:
    """Return the slopes of a layer's sums, and of the sums that its inputs add up to."""
    weights, _, cell = layer
    if isinstance(cell, Activation):
        local = cell.derivative(done.sums) if limits is None else final_slope(cell, done, limits)
        sums = slope * local**power
        return sums, sums
    if limits is not None:
        slope = slope * (np.clip(done.outputs, *limits) == done.outputs)
    if isinstance(cell, Memory):
        sums = of_memory(cell, done.sums, slope, sequences, power)
        return sums, sums
    return of_recurrent(weights, cell, done[:3], slope, sequences, power)


def final_slope(cell: Activation, done: Pass, limits: tuple[float, float]) -> Array:
    """Return the derivative of an activation and limits after it; 0 where a limit applies."""
    passed = np.clip(done.outputs, *limits)
    if cell.kind in ("linear", "relu", "clip"):
        return np.asarray(passed == done.sums, done.sums.dtype)
    return np.asarray(cell.derivative(done.sums) * (passed == done.outputs), done.sums.dtype)
