"""Comparison of an imported model with the original: equal outputs, within float32 rounding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.float_model import FloatModel
from ..network.topology import HEADS, INPUTS
from .chain import Clip

Float = npt.NDArray[np.float64]
Original = Callable[[Float], Float]  # (frames, 1032) to (frames, 129)

FRAMES = 16
ROUNDOFF = 2.0**-24  # largest relative rounding error of float32


def check_end(model: FloatModel, end: Clip | None) -> None:
    """Raise ValueError if the activation after the last layer clips values in the head's range."""
    word = HEADS[model.head]
    low, high = 0.0, word.high * word.resolution
    if model.head == "gain":
        low, high = model.gain_floor, 1.0
    if end is not None and not (end.low <= low and high <= end.high):
        raise ValueError(
            f"{end.where} keeps outputs between {end.low:g} and {end.high:g}, but head "
            f"{model.head!r} takes {low:g} to {high:g}: remove the activation, or give the head "
            "and gain_floor that the network was trained for"
        )


def check_equal(model: FloatModel, end: Clip | None, original: Original) -> None:
    """Compare the outputs of the model and the original for random inputs.

    Raises
    ------
    ValueError
        The outputs differ by more than float32 rounding explains.
    """
    x = np.random.default_rng(0).uniform(-1, 1, (FRAMES, INPUTS))
    expected = original(x)
    if expected.shape != (FRAMES, spec.BINS):
        raise ValueError(
            f"the network gives outputs of shape {expected.shape} for inputs of shape {x.shape}; "
            f"expected {(FRAMES, spec.BINS)}"
        )
    found, bound = outputs(model, x)
    if end is not None:
        found = np.clip(found, end.low, end.high)
    excess = np.abs(found - expected) - bound
    if not (excess <= 0).all():
        worst = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), excess.shape)
        raise ValueError(
            f"the imported model does not match the original: output {worst[1]} is "
            f"{found[worst]:g}, expected {expected[worst]:g} within {bound[worst]:.1g} (float32 "
            "rounding). A layer computes something that its type and parameters do not show; "
            "replace it by a standard one"
        )


def outputs(model: FloatModel, x: Float) -> tuple[Float, Float]:
    """Return the last layer's outputs for inputs (frames, 1032), and bounds on their error.

    Model and original are computed in float64; the model's weights were rounded to float32 once,
    with a relative error of at most `ROUNDOFF`. The error of a sum is thus at most `ROUNDOFF` times
    the magnitudes of its products, plus the propagated error of its inputs. The bound uses twice
    `ROUNDOFF`, which leaves ample room for float64 rounding.
    """
    error = np.zeros_like(x)
    for weights, bias, relu in zip(model.weights, model.biases, model.relu, strict=True):
        exact = weights.T.astype(np.float64)
        magnitudes = (np.abs(x) + error) @ np.abs(exact) + np.abs(bias)
        error = error @ np.abs(exact) + 2 * ROUNDOFF * magnitudes
        x = x @ exact + bias
        x = np.maximum(x, 0) if relu else x
    return x, error
