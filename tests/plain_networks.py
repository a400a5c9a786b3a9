"""Untrained networks by themselves: rows of numbers in and out, of any widths and activations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from nibblestream import FloatModel
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH, Activation, clip, leaky
from nibblestream.network.front import REACH, Plain

ACTIVATIONS = (LINEAR, RELU, clip(0, 6), clip(-1, 1), leaky(0.125), SIGMOID, TANH)


def plain_network(
    widths: tuple[int, ...],
    activations: tuple[Activation, ...] = (),
    *,
    reach: float | np.ndarray = REACH,
    seed: int = 7,
) -> FloatModel:
    """A network of these widths; ReLU, and none at its end, unless activations are given."""
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(widths))
    return FloatModel(
        name="plain",
        weights=tuple(rng.normal(0, n**-0.5, (out, n)) for n, out in pairs),
        biases=tuple(rng.normal(0, 0.5, out) for _, out in pairs),
        front=Plain(reach),
        activations=activations or (RELU,) * (len(pairs) - 1) + (LINEAR,),
        scaled=True,
    )
