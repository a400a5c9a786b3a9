"""Result of quantizing one layer's weights: codes, LUT and the table of intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..network.lut import Lut, decode
from ..network.scheme import Scheme

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intervals:
    """The intervals of a layer from left to right.

    Parameters
    ----------
    edges : float64, shape (intervals + 1,)
        Interval i is [edges[i], edges[i + 1]); the last one is closed.
    mean : float64, shape (intervals,)
        Mean of the weights in each interval, or its midpoint if it is empty.
    count : int64, shape (intervals,)
        Number of weights in each interval.
    internal : bool, shape (intervals,)
        True in the internal partition.
    """

    edges: Float
    mean: Float
    count: npt.NDArray[np.int64]
    internal: npt.NDArray[np.bool_]

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """True for intervals without weights, whose codes never occur."""
        return np.equal(self.count, 0)


def tabulate(
    weights: Float, index: npt.NDArray[np.uint8], edges: Float, internal: npt.NDArray[np.bool_]
) -> Intervals:
    """Count and average the weights of each interval, equations (6) and (7) before rounding.

    `index` gives the interval of each weight, in the shape of `weights`. It is not int64, which
    `bincount` rejects on 32-bit platforms.
    """
    size = len(edges) - 1
    count = np.bincount(index.ravel(), minlength=size).astype(np.int64)
    total = np.bincount(index.ravel(), weights=weights.ravel(), minlength=size)
    midpoint = (edges[:-1] + edges[1:]) / 2
    mean = np.where(count > 0, total / np.maximum(count, 1), midpoint)
    return Intervals(edges, mean, count, internal)


@dataclass(frozen=True, eq=False)
class QuantizedWeights:
    """One layer's weights after quantization.

    Parameters
    ----------
    codes : uint8, shape (out, in)
        Code i is the i-th interval from the left; 8-bit codes are the values, two's complement.
    lut : Lut or None
        None for 8-bit codes, on the grid 2**-(m - 1 + k).
    k : int
        Virtual bit shift.
    intervals : Intervals
    scheme : Scheme
        Scheme used, including parameters found by a search.
    """

    codes: npt.NDArray[np.uint8]
    lut: Lut | None
    k: int
    intervals: Intervals
    scheme: Scheme

    @property
    def weights(self) -> Float:
        """Weights that the codes represent, float64 (out, in)."""
        return decode(self.codes, self.lut) * 2.0 ** -(self.scheme.m - 1 + self.k)
