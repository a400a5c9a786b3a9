"""RS and RS-VBS: the paper's non-uniform quantization (section 2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import QFormat
from ..network.lut import Lut
from ..network.scheme import Scheme
from .intervals import QuantizedWeights, tabulate
from .shift import largest_shift

Float = npt.NDArray[np.float64]


def inverse_distribution(ordered: Float, p: npt.ArrayLike) -> Float:
    """Invert the empirical distribution phi of the weights.

    phi(x) is the share of weights less than x, which matches intervals closed on the left.
    Without ties, exactly ``p * len(ordered)`` weights (rounded down) are below the result.

    Parameters
    ----------
    ordered : float64, shape (count,)
        The weights, sorted.
    p : float, any shape
        0 to 1; 1 gives the largest weight.

    Returns
    -------
    float64, shape of p
    """
    # 0.29 * 100 is 28.999999999999996; adding 1e-6 makes floor return the intended 29.
    rank = np.floor(np.asarray(p) * len(ordered) + 1e-6).astype(np.intp)
    return np.asarray(ordered[np.minimum(rank, len(ordered) - 1)])


def interval_edges(weights: Float, scheme: Scheme) -> Float:
    """Return the edges of all 2**n intervals from left to right, equations (4) and (5).

    The external intervals split the range of phi uniformly: those of the lower tail (half of them,
    unless the scheme gives its tails) split [0, p_start], in the steps of equation (4), and those
    of the upper tail [p_stop, 1]. The internal intervals split the values between the tails
    uniformly. Where phi jumps (ties), edges coincide.

    Returns
    -------
    float64, shape (2**n + 1,)
        Non-decreasing, from the smallest weight to the largest.
    """
    return edges_of(np.sort(weights, axis=None), scheme)


def edges_of(ordered: Float, scheme: Scheme) -> Float:
    """Return `interval_edges` of sorted weights, float64 (count,)."""
    below, internal, above = scheme.partitions
    lower = inverse_distribution(ordered, scheme.p_start * (np.arange(below) / below))
    upper = inverse_distribution(
        ordered, scheme.p_stop + (1 - scheme.p_stop) * (np.arange(above) / above)
    )
    start, stop = inverse_distribution(ordered, [scheme.p_start, scheme.p_stop])
    middle = start + np.arange(internal) * ((stop - start) / internal)
    return np.concatenate([lower, middle, upper, ordered[-1:]])


def assign(weights: Float, edges: Float, internal: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return the index of each weight's interval [edges[i], edges[i + 1]); the last is closed.

    If nearly all weights are equal, the internal partition has zero width and all its half-open
    intervals are empty. Weights at that value are then assigned to its first interval, to keep the
    finer resolution.
    """
    index = np.minimum(np.searchsorted(edges, weights, side="right") - 1, len(internal) - 1)
    first, last = np.flatnonzero(internal)[[0, -1]]
    if edges[first] == edges[last + 1]:
        index[weights == edges[first]] = first
    return index.astype(np.uint8)


def quantize_range_split(weights: Float, scheme: Scheme, k_max: int) -> QuantizedWeights:
    """Quantize by range split: equations (1) to (7), and (8) for RS-VBS.

    Levels are the means of the intervals' weights, rounded to m bits and saturated: external ones
    on the grid 2**-(m - 1), internal ones on 2**-(m - 1 + k). The level of an empty interval is its
    midpoint, which keeps the table in order; no weight has its code, and it does not affect k.
    """
    internal = np.repeat([False, True, False], scheme.partitions)
    edges = interval_edges(weights, scheme)
    index = assign(weights, edges, internal)
    intervals = tabulate(weights, index, edges, internal)
    lut = table(intervals.mean, intervals.count, scheme, k_max)
    return QuantizedWeights(index, lut, lut.k, intervals, scheme)


def table(mean: Float, count: npt.NDArray[np.int64], scheme: Scheme, k_max: int) -> Lut:
    """Return the LUT of intervals with the given means and numbers of weights."""
    internal = np.repeat([False, True, False], scheme.partitions)
    k = scheme.k
    if k is None:
        inside = mean[internal & (count > 0)]
        k = largest_shift(inside, scheme.m, k_max) if scheme.shifted else 0
    coarse, fine = (QFormat(scheme.m, scheme.m - 1 + shift) for shift in (0, k))
    levels = np.where(internal, fine.from_float(mean), coarse.from_float(mean))
    return Lut(levels.astype(np.int32), internal, scheme.m, k)
