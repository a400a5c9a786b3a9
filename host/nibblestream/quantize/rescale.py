"""Scaling of hidden units such that the weights of both adjacent layers fit their tables better.

A positive factor passes through a homogeneous activation, such as ReLU: multiplying a neuron's
weights and bias by a, and dividing the next layer's weights of that neuron by a, leaves the
network's outputs unchanged (Nagel et al., *Data-free quantization through weight equalization and
bias correction*, 2019, https://arxiv.org/abs/1906.04721). A whole layer shares one table, so each
factor is chosen for the least quantization error of the weights on both sides.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.formats import layer_exponent
from ..network.recurrent import Recurrent
from .fisher import curvature
from .kmeans import kmeans
from .objective import LayerError

Float = npt.NDArray[np.float64]

ROUNDS = 3
STEPS = 2.0 ** (np.arange(-12, 13) / 24)  # factors tried in each round
SAMPLE = 1 << 14  # approximate number of a layer's weights used to find its levels


def rescale(model: FloatModel, errors: list[LayerError], bits: list[int]) -> FloatModel:
    """Return an equivalent network with hidden units scaled for quantization.

    Parameters
    ----------
    model : FloatModel
        Weights and biases within +-1, or each layer's weights within its power of two if the
        model is scaled; those of the result are, too.
    errors : list of LayerError
        One for each layer, for the curvature of its weights.
    bits : list of int
        Code width of each layer.
    """
    weights = [w.astype(np.float64) for w in model.weights]
    costs = [curvature(error, feedback=True) for error in errors]
    factors = [np.ones(len(w) if _scales(model, i) else 1) for i, w in enumerate(weights[:-1])]
    for _ in range(ROUNDS):
        scaled, scaled_costs = _apply(weights, factors), _apply(costs, factors, -2)
        levels = [_levels(w, c, 1 << n) for w, c, n in zip(scaled, scaled_costs, bits, strict=True)]
        for i in range(len(factors)):
            if not _scales(model, i):
                continue
            tried = np.clip(factors[i] * STEPS[:, None], *_limits(model, i))
            relative = tried / factors[i]
            cost = [
                _cost(scaled[i].T, scaled_costs[i].T, levels[i], r)
                + _cost(scaled[i + 1], scaled_costs[i + 1], levels[i + 1], 1 / r)
                for r in relative
            ]
            factors[i] = tried[np.argmin(cost, axis=0), np.arange(len(factors[i]))]
    biases = [b * f for b, f in zip(model.biases[:-1], factors, strict=True)]
    return replace(
        model,
        weights=tuple(w.astype(np.float32) for w in _apply(weights, factors)),
        biases=(*(b.astype(np.float32) for b in biases), model.biases[-1]),
    )


def _scales(model: FloatModel, i: int) -> bool:
    """Return whether factors pass through layer i and into the weights of the next layer."""
    return model.activations[i].homogeneous and not isinstance(model.activations[i + 1], Recurrent)


def _limits(model: FloatModel, i: int) -> tuple[Float, Float]:
    """Return the smallest and largest factors of layer i's units that keep all within range."""
    own = np.abs(model.weights[i]).max(axis=1) / _top(model, i)
    if not model.scaled:
        own = np.maximum(own, np.abs(model.biases[i]))
    low = np.abs(model.weights[i + 1]).max(axis=0).astype(np.float64) / _top(model, i + 1)
    high = 1 / np.maximum(own, 1e-3).astype(np.float64)
    low, high = np.maximum(low, 1e-3) * (1 + 1e-6), high * (1 - 1e-6)
    room = low < 1, high > 1  # the factor 1 is always allowed
    return np.where(room[0], low, 1.0), np.where(room[1], high, 1.0)


def _top(model: FloatModel, i: int) -> float:
    """Return the magnitude that layer i's weights may reach."""
    return 2.0 ** layer_exponent(model.weights[i]) if model.scaled else 1.0


def _apply(arrays: list[Float], factors: list[Float], power: int = 1) -> list[Float]:
    """Scale each row by its unit's factor, each column by the inverse factor of its input unit."""
    scaled = list(arrays)
    for i, factor in enumerate(factors):
        scaled[i] = scaled[i] * factor[:, None] ** power
        scaled[i + 1] = scaled[i + 1] * factor**-power
    return scaled


def _levels(weights: Float, costs: Float, count: int) -> Float:
    step = max(1, weights.size // SAMPLE) | 1  # odd, to sample all columns
    return kmeans(weights.ravel()[::step], costs.ravel()[::step], count).centres


def _cost(weights: Float, costs: Float, levels: Float, factor: Float) -> Float:
    """Return the weighted squared error of each column, rounded after scaling by its factor."""
    scaled = weights * factor
    nearest = levels[np.searchsorted((levels[1:] + levels[:-1]) / 2, scaled)]
    return np.asarray((costs * (nearest - scaled) ** 2).sum(axis=0) / factor**2)
