"""Bring weights and biases within +-1 by powers of two, without changing what a network computes.

ReLU is positively homogeneous: ``relu(c x) = c relu(x)`` for c > 0, and so is no ReLU at all. If
layer i's weights are multiplied by ``2**e[i]`` and its biases by ``2**E[i]``, the product of the
factors so far, then its outputs are multiplied by ``2**E[i]``, and the network's by ``2**E[-1]``,
which has to be one. Powers of two leave every mantissa as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .chain import Linear


def rescale(layers: Sequence[Linear]) -> tuple[Linear, ...]:
    """Scale layers so that all weights and biases are inside (-1, +1); as little as possible.

    Raises
    ------
    ValueError
        No powers of two do it; the layer farthest out is named, with the factor that is missing.
    """
    room = [_room(layer.weights) for layer in layers]  # most that each e may be
    caps = [_room(layer.bias) for layer in layers]  # most that each E may be
    most: list[int] = []  # that each E can be
    for weights, bias in zip(room, caps, strict=True):
        most.append(min((most[-1] if most else 0) + weights, bias))
    if most[-1] < 0:
        raise _out_of_range(layers, -most[-1])
    # From the end, where the product is one: E stays as near to zero as the next layer lets it.
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
    """Return the largest e for which ``2**e`` times the values stays inside (-1, +1)."""
    largest = np.abs(values).max(initial=0)
    # Zeros go with any e; a thousand layers' worth of float32's range stands for that.
    return -math.frexp(largest)[1] if largest else 1 << 20


def _out_of_range(layers: Sequence[Linear], lacking: int) -> ValueError:
    reaches = [
        (float(np.abs(values).max(initial=0)), layer.where, what)
        for layer in layers
        for what, values in (("weights", layer.weights), ("biases", layer.bias))
    ]
    reach, where, what = max(reaches)
    return ValueError(
        f"{where}: {what} reach {reach:g}; expected all inside (-1, +1), and no powers of two "
        f"across the layers bring them there: a factor of {2**lacking} is missing. Clamp them "
        "while training"
    )
