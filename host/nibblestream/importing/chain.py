"""Framework-independent form of an imported network: a chain of layers, built step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.activation import LINEAR, RELU, Activation, clip, leaky
from ..network.memory import Cell
from ..network.recurrent import RECURRENT
from .affine import BRANCH, Affine

Float = npt.NDArray[np.float64]

UNLIMITED = float(np.finfo(np.float32).max)  # what exporters write for no limit


@dataclass(frozen=True, eq=False)
class Layer:
    """``activation(weights @ x + bias)``: weights float64 (out, in), bias float64 (out,).

    The weights of a recurrent layer multiply its own outputs of the row before.
    """

    weights: Float
    bias: Float
    activation: Cell


class Chain:
    """Layers of a network so far; each activation ends one, `finish` the last."""

    def __init__(self) -> None:
        self._layers: list[Layer] = []

    def start(self, shape: Sequence[int]) -> Affine:
        """Return the network's inputs; raise ValueError if there are too many."""
        width = math.prod(shape)
        if not 1 <= width <= spec.MAX_WIDTH:
            raise ValueError(
                f"the network takes {width} inputs of shape {tuple(shape)}; expected 1 to "
                f"{spec.MAX_WIDTH}"
            )
        return Affine.inputs(0, shape)

    def product(self, x: Any, y: Any) -> Affine:
        """Return ``x @ y``, one of them constant; a bottleneck in between becomes a layer."""
        product: Affine = x @ y
        value: Affine = x if isinstance(x, Affine) else y
        inputs, width, outputs = len(value.slope), value.offset.size, product.offset.size
        if width * (inputs + outputs) >= inputs * outputs:
            return product
        value = self.activate(value, LINEAR)  # two layers have fewer weights than their product
        found: Affine = value @ y if isinstance(x, Affine) else x @ value
        return found

    def activate(self, value: Affine, activation: Activation) -> Affine:
        """Return the outputs of a layer that ends with an activation."""
        self._append(value, activation)
        return Affine.inputs(len(self._layers), value.shape)

    def clip(self, value: Affine, low: Any = None, high: Any = None) -> Affine:
        """Return values clipped to limits, each a number, an array of equal ones, or None."""
        limits = _limit(low, -math.inf), _limit(high, math.inf)
        return self.activate(value, clip(*limits))

    def leaky(self, value: Affine, slope: Any) -> Affine:
        """Return ``max(x, slope * x)``."""
        factor = _limit(slope, 0.0)
        if factor in (0.0, 1.0):
            return self.activate(value, LINEAR if factor else RELU)
        return self.activate(value, leaky(factor))

    def recur(self, sums: Affine, weights: Float, bias: Float) -> Affine:
        """Return the outputs (units,) of a recurrent layer, whose inputs are `sums` (3 units,)."""
        self._append(sums, LINEAR)
        self._layers.append(Layer(weights, bias, RECURRENT))
        return Affine.inputs(len(self._layers), weights.shape[1:])

    def finish(self, value: Affine) -> tuple[Layer, ...]:
        """Return all layers of the network that gives `value`."""
        untouched = Affine.inputs(value.layer, value.shape)
        same = value.slope.shape == untouched.slope.shape and not value.offset.any()
        if not self._layers or not (same and (value.slope == untouched.slope).all()):
            self._append(value, LINEAR)
        elif value.layer != len(self._layers):
            raise _stale()
        layers = self._layers[:1]
        for layer in self._layers[1:]:
            merged = _merged(layers[-1], layer)
            layers[-1:] = [layers[-1], layer] if merged is None else [merged]
        return tuple(layers)

    def _append(self, value: Affine, activation: Activation) -> None:
        if value.layer != len(self._layers):
            raise _stale()
        self._layers.append(Layer(value.weights, value.offset.ravel(), activation))


def _stale() -> ValueError:
    return ValueError(f"takes values from before the last activation; {BRANCH}")


def _limit(value: Any, default: float) -> float:
    if value is None:
        return default
    values = np.unique(np.asarray(value, np.float64))
    if len(values) != 1:
        raise ValueError(
            f"has values from {values[0]:g} to {values[-1]:g}; expected the same for all units"
        )
    found = float(values[0])
    return math.copysign(math.inf, found) if abs(found) >= UNLIMITED else found


def _merged(first: Layer, second: Layer) -> Layer | None:
    """Return one layer that does what two do, if the second only scales and clips."""
    factor, offset = second.weights[0, 0], second.bias[0]
    scaled = np.array_equal(second.weights, factor * np.eye(len(first.bias)))
    inner, outer = first.activation, second.activation
    if not (isinstance(inner, Activation) and isinstance(outer, Activation)):
        return None
    if not (scaled and factor > 0 and (second.bias == offset).all()):
        return None
    if inner.kind in ("relu", "clip"):
        inner = clip(*(factor * limit + offset for limit in _limits(inner)))
    elif offset or (factor != 1 and not inner.homogeneous):
        return None
    activation = _composed(inner, outer)
    if activation is None:
        return None
    weights, bias = first.weights * factor, first.bias * factor + offset
    return replace(first, weights=weights, bias=bias, activation=activation)


def _composed(inner: Activation, outer: Activation) -> Activation | None:
    """Return one activation that does what two do, or None if there is none."""
    if LINEAR in (inner, outer):
        return outer if inner == LINEAR else inner
    if outer.kind not in ("relu", "clip") or inner.kind == "leaky":
        return None
    (low, high), (least, most) = _limits(inner), _limits(outer)
    if least <= low and high <= most:
        return inner
    if inner.kind not in ("relu", "clip") or max(low, least) >= min(high, most):
        return None
    return clip(max(low, least), min(high, most))


def _limits(activation: Activation) -> tuple[float, float]:
    fixed = {"relu": (0.0, math.inf), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    return fixed.get(activation.kind, (activation.low, activation.high))
