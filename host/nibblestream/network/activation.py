"""Activation functions between layers and after them: their float form, and their parameters.

All are elementwise and never fall, so they map the ends of a range to the ends of its image.
`lutmac` computes them in integers; sigmoid and tanh by the table in `curve`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

KINDS: Final = ("linear", "relu", "clip", "leaky", "sigmoid", "tanh")
LARGEST_LEAK: Final = 15  # bits of the right shift that a leaky ReLU applies to negative values


@dataclass(frozen=True)
class Activation:
    """An activation function; `clip` and `leaky` make those with parameters.

    Parameters
    ----------
    kind : {"linear", "relu", "clip", "leaky", "sigmoid", "tanh"}
    low, high : float
        Limits of a clip; ReLU6 is a clip to 0 and 6.
    slope : float
        Slope of a leaky ReLU for negative inputs, a power of two from 2**-15 to 1/2.

    Raises
    ------
    ValueError
        The kind is unknown, or a parameter is out of range or does not apply.
    """

    kind: str
    low: float = -math.inf
    high: float = math.inf
    slope: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"activation is {self.kind!r}; expected one of {', '.join(KINDS)}")
        for name in ("low", "high", "slope"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if (self.kind == "clip") != (math.isfinite(self.low) or math.isfinite(self.high)):
            raise ValueError(f"found {self}; expected limits for a clip, and for nothing else")
        if not self.low < self.high:
            raise ValueError(f"a clip keeps {self.low:g} to {self.high:g}; expected low below high")
        if (self.kind == "leaky") != bool(self.slope):
            raise ValueError(f"found {self}; expected a slope for a leaky ReLU, and nothing else")
        if self.kind == "leaky" and not 1 <= self.leak <= LARGEST_LEAK:
            raise ValueError(
                f"a leaky ReLU has the slope {self.slope:g}; expected a power of two from "
                f"2**-{LARGEST_LEAK} to 1/2, for example 1/64 or 1/128"
            )

    @property
    def sums(self) -> int:
        """Number of sums per output."""
        return 1

    @property
    def homogeneous(self) -> bool:
        """Whether ``f(c x) = c f(x)`` for every c > 0."""
        return self.kind in ("linear", "relu", "leaky")

    @property
    def tabled(self) -> bool:
        """Whether integers are computed by the table in `curve`."""
        return self.kind in ("sigmoid", "tanh")

    @property
    def leak(self) -> int:
        """Right shift of negative values in a leaky ReLU; 0 if the slope is no power of two."""
        mantissa, exponent = math.frexp(self.slope)
        return 1 - exponent if mantissa == 0.5 else 0

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the function of floats, in their dtype."""
        if self.kind == "linear":
            return x
        if self.kind == "relu":
            return np.maximum(x, 0)
        if self.kind == "clip":
            return np.clip(x, self.low, self.high)
        if self.kind == "leaky":
            return np.where(x < 0, x * x.dtype.type(self.slope), x)
        if self.kind == "tanh":
            return np.asarray(np.tanh(x))
        return np.asarray((1 + np.tanh(x / 2)) / 2)  # sigmoid, without overflow

    def derivative(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the derivative at floats, in their dtype; 0 at a corner where one side is 0."""
        one = np.ones_like(x)
        if self.kind == "linear":
            return one
        if self.kind == "leaky":
            return np.where(x < 0, one * x.dtype.type(self.slope), one)
        if self.kind == "tanh":
            return np.asarray(1 - np.tanh(x) ** 2)
        if self.kind == "sigmoid":
            return np.asarray((1 - np.tanh(x / 2) ** 2) / 4)
        low = 0.0 if self.kind == "relu" else self.low
        return one * ((x > low) & (x < self.high))

    def reach(self, bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the largest magnitude of the function for each input within +-`bounds`."""
        return np.asarray(np.maximum(np.abs(self(bounds)), np.abs(self(-bounds))))

    def entry(self) -> dict[str, Any]:
        """Return the activation as JSON for a model file, without parameters that do not apply."""
        found = {"kind": self.kind, "low": self.low, "high": self.high, "slope": self.slope}
        return {key: value for key, value in found.items() if value != _DEFAULTS.get(key)}

    def __str__(self) -> str:
        if self.kind == "clip":
            return f"clip to {self.low:g} and {self.high:g}"
        return f"leaky ReLU, slope {self.slope:g}" if self.kind == "leaky" else self.kind


_DEFAULTS: Final = {"low": -math.inf, "high": math.inf, "slope": 0.0}
LINEAR: Final = Activation("linear")
RELU: Final = Activation("relu")
SIGMOID: Final = Activation("sigmoid")
TANH: Final = Activation("tanh")


def clip(low: float, high: float) -> Activation:
    """Return ``min(max(x, low), high)``: a clip, or what it is without one or both limits."""
    if (low, high) == (0, math.inf):
        return RELU
    return LINEAR if (low, high) == (-math.inf, math.inf) else Activation("clip", low, high)


def leaky(slope: float) -> Activation:
    """Return ``max(x, slope * x)``; raise ValueError unless the slope is a power of two."""
    return Activation("leaky", slope=slope)
