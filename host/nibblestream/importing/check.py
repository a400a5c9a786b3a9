"""An imported model beside the original: the same outputs, within float32's rounding."""

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
ROUNDOFF = 2.0**-24  # of float32


def check_end(model: FloatModel, end: Clip | None) -> None:
    """Refuse an activation after the last layer that does more than the head does anyway."""
    word = HEADS[model.head]
    low, high = 0.0, word.high * word.resolution
    if model.head == "gain":
        low, high = model.gain_floor, 1.0
    if end is not None and not (end.low <= low and high <= end.high):
        raise ValueError(
            f"{end.where} keeps outputs between {end.low:g} and {end.high:g}, but head "
            f"{model.head!r} takes {low:g} to {high:g}: leave that range to the head, or name the "
            "head and the gain floor that go with the network"
        )


def check_equal(model: FloatModel, end: Clip | None, original: Original) -> None:
    """Compare the outputs of model and original for random inputs.

    Raises
    ------
    ValueError
        They differ by more than float32's rounding explains.
    """
    x = np.random.default_rng(0).uniform(-1, 1, (FRAMES, INPUTS))
    expected = original(x)
    if expected.shape != (FRAMES, spec.BINS):
        raise ValueError(
            f"the network gives {expected.shape} for {x.shape}; expected {(FRAMES, spec.BINS)}"
        )
    found, bound = outputs(model, x)
    if end is not None:
        found = np.clip(found, end.low, end.high)
    excess = np.abs(found - expected) - bound
    if not (excess <= 0).all():
        worst = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), excess.shape)
        raise ValueError(
            f"the imported model is not the original: output {worst[1]} is {found[worst]:g} in "
            f"place of {expected[worst]:g}, and float32 explains {bound[worst]:.1g} of that. "
            "Something in the network acts in a way that its layers do not tell"
        )


def outputs(model: FloatModel, x: Float) -> tuple[Float, Float]:
    """Return the last layer's outputs for inputs (frames, 1032), and how far they may be off.

    Both sides are computed in float64 from weights that float32 rounded once, by `ROUNDOFF` of
    their magnitude at most; so a sum is off by that share of its products' magnitudes, and by what
    its inputs are off. Twice as much is allowed, which covers float64's own rounding many times.
    """
    error = np.zeros_like(x)
    for weights, bias, relu in zip(model.weights, model.biases, model.relu, strict=True):
        exact = weights.T.astype(np.float64)
        magnitudes = (np.abs(x) + error) @ np.abs(exact) + np.abs(bias)
        error = error @ np.abs(exact) + 2 * ROUNDOFF * magnitudes
        x = x @ exact + bias
        x = np.maximum(x, 0) if relu else x
    return x, error
