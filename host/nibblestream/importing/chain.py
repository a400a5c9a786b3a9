"""Framework-independent form of an imported network: a chain of steps, folded into layers.

A supported chain consists of Linear layers with or without ReLU between them. Elementwise scales
and offsets, such as batch normalisation, are folded into the Linear before or after them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Linear:
    """``weights @ x + bias``: weights float64 (out, in), bias float64 (out,)."""

    where: str
    weights: Float
    bias: Float


@dataclass(frozen=True, eq=False)
class Scale:
    """``factor * x + offset``, each float64 (width,) or (1,)."""

    where: str
    factor: Float
    offset: Float


@dataclass(frozen=True)
class Clip:
    """``min(max(x, low), high)``; the default is ReLU, 0 to infinity."""

    where: str
    low: float = 0.0
    high: float = math.inf


Step = Linear | Scale | Clip


@dataclass(frozen=True, eq=False)
class Chain:
    """Layers of a network, and the activation after the last one.

    Parameters
    ----------
    layers : tuple of Linear
    relu : tuple of bool
        True for layers followed by a ReLU.
    end : Clip or None
        Activation after the last layer.
    """

    layers: tuple[Linear, ...]
    relu: tuple[bool, ...]
    end: Clip | None


def fold(steps: Iterable[Step]) -> Chain:
    """Fold steps into layers.

    Raises
    ------
    ValueError
        A step is not supported: a scale without a Linear before or after it, widths that differ,
        an activation other than ReLU between layers. The message names the step.
    """
    layers: list[Linear] = []
    ends: list[Clip | None] = []  # the activation after each layer
    pending: Scale | None = None  # to be folded into the next layer
    for step in steps:
        if isinstance(step, Linear):
            if ends and ends[-1] is not None:
                _check_relu(ends[-1])
            layers.append(step if pending is None else _fold_into_next(pending, step))
            ends.append(None)
            pending = None
        elif pending is not None:
            raise ValueError(f"{pending.where} has no Linear before or after it to be folded into")
        elif isinstance(step, Clip):
            if not layers:
                raise ValueError(
                    f"{step.where} comes before the first Linear; expected a Linear first"
                )
            ends[-1] = step if ends[-1] is None else _intersection(ends[-1], step)
        elif layers and ends[-1] is None:
            layers[-1] = _fold_into_previous(layers[-1], step)
        else:
            pending = step
    if pending is not None:
        raise ValueError(f"{pending.where} has no Linear before or after it to be folded into")
    if not layers:
        raise ValueError("the network has no Linear; expected one or more")
    relu = tuple(end is not None and end.low == 0 for end in ends)
    return Chain(tuple(layers), relu, ends[-1])


def _check_relu(clip: Clip) -> None:
    if (clip.low, clip.high) != (0, math.inf):
        raise ValueError(
            f"{clip.where} keeps values between {clip.low:g} and {clip.high:g}; between layers "
            "expected ReLU or nothing"
        )


def _intersection(first: Clip, second: Clip) -> Clip:
    low, high = max(first.low, second.low), min(first.high, second.high)
    return replace(second, low=low, high=high)


def _fold_into_previous(layer: Linear, scale: Scale) -> Linear:
    """Fold a scale into the layer before it."""
    try:
        factor, offset = (
            np.broadcast_to(x, layer.bias.shape) for x in (scale.factor, scale.offset)
        )
    except ValueError:
        raise _misfit(scale, len(layer.bias)) from None
    weights, bias = layer.weights * factor[:, None], layer.bias * factor + offset
    return replace(layer, weights=weights, bias=bias)


def _fold_into_next(scale: Scale, layer: Linear) -> Linear:
    """Fold a scale into the layer after it."""
    width = layer.weights.shape[1]
    try:
        factor, offset = (np.broadcast_to(x, (width,)) for x in (scale.factor, scale.offset))
    except ValueError:
        raise _misfit(scale, width) from None
    return replace(layer, weights=layer.weights * factor, bias=layer.bias + layer.weights @ offset)


def _misfit(scale: Scale, width: int) -> ValueError:
    found = max(scale.factor.size, scale.offset.size)
    return ValueError(f"{scale.where} has {found} values; expected {width} or 1")
