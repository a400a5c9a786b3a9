"""Scaling of weights and biases into +-1 by powers of two, with unchanged outputs of the network.

ReLU and the identity are positively homogeneous: ``relu(c x) = c relu(x)`` for c > 0. If layer i's
weights are multiplied by ``2**e[i]`` and its biases by ``2**E[i]``, with E the cumulative sum of e,
then its outputs are multiplied by ``2**E[i]``, and the network's by ``2**E[-1]``, which must be 1.
Powers of two do not change any mantissa.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .chain import Linear


def rescale(layers: Sequence[Linear]) -> tuple[Linear, ...]:
    """Scale layers as little as possible, so that all weights and biases are inside (-1, +1).

    Raises
    ------
    ValueError
        No powers of two achieve that; the message names the layer with the largest value and the
        missing factor.
    """
    room = [_room(layer.weights) for layer in layers]  # upper limit of each e
    caps = [_room(layer.bias) for layer in layers]  # upper limit of each E by the biases
    most: list[int] = []  # largest E that each layer can reach
    for weights, bias in zip(room, caps, strict=True):
        most.append(min((most[-1] if most else 0) + weights, bias))
    if most[-1] < 0:
        raise _out_of_range(layers, -most[-1])
    # From the last layer, where E is 0, to the first: each E is as near to 0 as the next e allows.
    products = [0]
    for i in range(len(layers) - 1, 0, -1):
        products.append(int(np.clip(0, products[-1] - room[i], most[i - 1])))
    products.reverse()
    factors = np.diff(products, prepend=0)
    return tuple(
        replace(layer, weights=np.ldexp(layer.weights, e), bias=np.ldexp(layer.bias, product))
        for layer, e, product in zip(layers, factors, products, strict=True)
    )


def _room(values: npt.NDArray[np.float64]) -> int:
    """Return the largest e for which ``2**e`` times the values is inside (-1, +1)."""
    largest = np.abs(values).max(initial=0)
    # All zeros allow any e; 2**20 covers the exponent range of float32 in a thousand layers.
    return -math.frexp(largest)[1] if largest else 1 << 20


def _out_of_range(layers: Sequence[Linear], lacking: int) -> ValueError:
    reaches = [
        (float(np.abs(values).max(initial=0)), layer.where, what)
        for layer in layers
        for what, values in (("weights", layer.weights), ("biases", layer.bias))
    ]
    reach, where, what = max(reaches)
    return ValueError(
        f"{where}: {what} reach {reach:g}; expected all inside (-1, +1), and scaling the layers by "
        f"powers of two cannot achieve that: a factor of {2**lacking} is missing. Clamp them while "
        "training"
    )
