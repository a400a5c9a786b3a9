"""Comparison of an imported model with the original: equal outputs, within rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.recurrent import Recurrent
from .sequences import Layout

Float = npt.NDArray[np.float64]

ROWS = 16
FLOAT32 = 2.0**-24  # largest relative rounding error of a float type
FLOAT64 = 2.0**-53
RECURRENT = 1e-5  # tolerance of a recurrent layer's outputs in float32, relative to its sums
LONGEST = 128  # rows of a sequence that are compared


@dataclass(frozen=True)
class Original:
    """A network as it was before the import.

    Parameters
    ----------
    run : callable
        Its outputs (n, outputs) for inputs (n, inputs), of one sequence if it has a memory.
    roundoff : float
        Largest relative rounding error of the numbers that it computes with.
    softmax : bool
        It gives the softmax of the outputs.
    layout : Layout or None
        Where the rows of sequences are in its inputs; None if it has no memory.
    """

    run: Callable[[Float], Float]
    roundoff: float = FLOAT64
    softmax: bool = False
    layout: Layout | None = None

    def sequences(self, example: Float) -> list[Float]:
        """Return an example of inputs as rows (n, inputs), sequence by sequence."""
        if self.layout is None:
            return [example.reshape(len(example), -1)]
        return self.layout.sequences(example)


def check_equal(model: FloatModel, original: Original, examples: Sequence[Float] = ()) -> None:
    """Compare outputs for random inputs, and for sequences of rows (n, inputs).

    Of a network with memory, the first rows of each sequence are compared, since some amplify
    rounding from row to row: `LONGEST` of them, or as many as the original takes.

    Raises
    ------
    ValueError
        The outputs differ by more than rounding explains.
    """
    bounds = model.front.bounds(model.inputs)
    steps = 0 if original.layout is None else original.layout.steps
    longest = None if original.layout is None else steps or LONGEST
    x = np.random.default_rng(0).uniform(-1, 1, (steps or ROWS, model.inputs))
    x *= 1.0 if bounds is None else bounds
    for rows in (x, *examples):
        _compare(model, original, rows[:longest])


def _compare(model: FloatModel, original: Original, x: Float) -> None:
    expected = original.run(x)
    if expected.shape != (len(x), model.outputs):
        raise ValueError(
            f"the network gives outputs of shape {expected.shape} for inputs of shape {x.shape}; "
            f"expected {(len(x), model.outputs)}, one row for each row of inputs"
        )
    found, bound = outputs(model, x, original.roundoff)
    if original.softmax:  # its slopes add up to less than 1
        powers = np.exp(found - found.max(axis=1, keepdims=True))
        found = powers / powers.sum(axis=1, keepdims=True)
        bound = bound.max(axis=1, keepdims=True) + 8 * original.roundoff + 0 * found
    excess = np.abs(found - expected) - bound
    if not (excess <= 0).all():
        worst = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), excess.shape)
        raise ValueError(
            f"the imported model does not match the original: output {worst[1]} is "
            f"{found[worst]:g}, expected {expected[worst]:g} within {bound[worst]:.1g} (rounding). "
            "A layer computes something that its type and parameters do not show, or that depends "
            "on other rows; replace it by a standard one"
        )


def outputs(model: FloatModel, x: Float, roundoff: float = FLOAT64) -> tuple[Float, Float]:
    """Return the outputs for inputs (n, inputs), and bounds on how far the original's may differ.

    The model's weights were rounded to float32 once, with a relative error of at most `FLOAT32`.
    The original rounds inputs, products, sums and activations with `roundoff`; a sum of n products
    has an error of at most n roundoffs of their magnitudes, plus the propagated error of its
    inputs. No activation has a slope above 1. Twice `FLOAT32` leaves room for scales that were
    folded in float64.

    For a recurrent layer, a bound would grow from row to row, far beyond what is found, and tell
    nothing. Its outputs have the tolerance `RECURRENT`, relative to its largest input or 1.
    """
    error = roundoff * np.abs(x)
    for weights, bias, activation in model.layers():
        if isinstance(activation, Recurrent):
            relative = RECURRENT * max(roundoff / FLOAT32, 1.0)
            state, size = np.zeros(weights.shape[1]), max(np.abs(x).max(), 1.0)
            x, _ = activation.run(x, state, weights.astype(np.float64), bias)
            error = np.full(x.shape, relative * size)
            continue
        exact = weights.T.astype(np.float64)
        magnitudes = (np.abs(x) + error) @ np.abs(exact) + np.abs(bias)
        rounding = 2 * FLOAT32 + (len(exact) + 4) * roundoff
        error = error @ np.abs(exact) + rounding * magnitudes
        x = activation(x @ exact + bias)
        error += 4 * roundoff * np.abs(x)
    return x, error
