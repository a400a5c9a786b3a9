"""Scaling of hidden units by powers of two, so that no single unit widens its layers' ranges.

If f is positively homogeneous, as ReLU is, then ``f(c x) / c = f(x)`` for c > 0: a hidden unit's
weights and bias can be multiplied by c, and its weights in the next layer divided by it. This is
cross-layer equalisation (Nagel et al., "Data-free quantization through weight equalization and bias
correction", ICCV 2019), here with powers of two, which leave mantissas and outputs as they are, and
only for units whose weights reach 4 times as far as is usual in their layer. The sums that a
recurrent layer takes keep their scale, since its own sums are added to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..network.activation import Activation
from ..network.recurrent import Recurrent
from .chain import Layer

Float = npt.NDArray[np.float64]

WIDE = 4.0  # times the median
SWEEPS = 10  # a weight that is far too large is shared among layers in a few


def equalise(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return layers with the same outputs and with units of similar ranges."""
    scaled = list(layers)
    for i in range(len(scaled) - 1):
        scaled[i : i + 2] = _without_constants(scaled[i], scaled[i + 1])
    for _ in range(SWEEPS):
        moved = False
        for i in range(len(scaled) - 1):
            exponents = _exponents(scaled[i], scaled[i + 1])
            if exponents.any():
                scaled[i : i + 2] = _scaled(scaled[i], scaled[i + 1], exponents)
                moved = True
        if not moved:
            break
    return tuple(scaled)


def _without_constants(layer: Layer, following: Layer) -> tuple[Layer, Layer]:
    """Move outputs that are constant into the next layer's biases, and drop those not used."""
    function = layer.activation
    if not isinstance(function, Activation) or isinstance(following.activation, Recurrent):
        return layer, following
    constant = ~layer.weights.any(axis=1)
    unused = constant | ~following.weights.any(axis=0)
    outputs = np.where(constant, function(layer.bias), 0)
    return (
        replace(
            layer,
            weights=np.where(unused[:, None], 0, layer.weights),
            bias=np.where(unused, 0, layer.bias),
        ),
        replace(
            following,
            weights=np.where(unused, 0, following.weights),
            bias=following.bias + following.weights @ outputs,
        ),
    )


def _exponents(layer: Layer, following: Layer) -> npt.NDArray[np.int64]:
    """Return the power of two for each unit of a layer."""
    if not layer.activation.homogeneous or isinstance(following.activation, Recurrent):
        return np.zeros(len(layer.bias), np.int64)
    before = np.maximum(np.abs(layer.weights).max(axis=1), np.abs(layer.bias))
    after = np.abs(following.weights).max(axis=0)
    used = (before > 0) & (after > 0)
    wanted = np.zeros(len(before))
    if used.any():
        ratios = np.log2(after[used]) - np.log2(before[used])
        wanted[used] = (ratios - np.median(ratios)) / 2
        wide = [reach >= WIDE * np.median(reach[used]) for reach in (before, after)]
        wanted[~np.any(wide, axis=0)] = 0
    return np.trunc(wanted).astype(np.int64)


def _scaled(
    layer: Layer, following: Layer, exponents: npt.NDArray[np.int64]
) -> tuple[Layer, Layer]:
    return (
        replace(
            layer,
            weights=np.ldexp(layer.weights, exponents[:, None]),
            bias=np.ldexp(layer.bias, exponents),
        ),
        replace(following, weights=np.ldexp(following.weights, -exponents)),
    )
