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

    phi(x) is the share of weights below x, to go with intervals closed on the left: exactly
    ``p * len(ordered)`` weights (rounded down) precede the one returned, ties aside.

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
    # 0.29 * 100 is 28.999999999999996: a millionth of a rank keeps decimals what they mean.
    rank = np.floor(np.asarray(p) * len(ordered) + 1e-6).astype(np.intp)
    return np.asarray(ordered[np.minimum(rank, len(ordered) - 1)])


def interval_edges(weights: Float, scheme: Scheme) -> Float:
    """Return the edges of all 2**n intervals from left to right, equations (4) and (5).

    The external intervals split phi's range uniformly: those of the lower tail (half of them,
    unless the scheme has tails of its own) [0, p_start], in the steps of equation (4), the others
    [p_stop, 1]. The internal ones split the values
    between uniformly. Where phi jumps (ties), edges coincide.

    Returns
    -------
    float64, shape (2**n + 1,)
        Not decreasing, from the smallest weight to the largest.
    """
    return edges_of(np.sort(weights, axis=None), scheme)


def edges_of(ordered: Float, scheme: Scheme) -> Float:
    """Return `interval_edges` of weights that are sorted already, float64 (count,)."""
    below, internal, above = scheme.partitions
    lower = inverse_distribution(ordered, scheme.p_start * (np.arange(below) / below))
    upper = inverse_distribution(
        ordered, scheme.p_stop + (1 - scheme.p_stop) * (np.arange(above) / above)
    )
    start, stop = inverse_distribution(ordered, [scheme.p_start, scheme.p_stop])
    middle = start + np.arange(internal) * ((stop - start) / internal)
    return np.concatenate([lower, middle, upper, ordered[-1:]])


def assign(weights: Float, edges: Float, internal: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return the interval [edges[i], edges[i + 1]) of each weight; the last interval is closed.

    An internal partition of no width (nearly all weights are equal) has no half-open intervals,
    yet holds most weights: they go to its first interval and keep the finer resolution.
    """
    index = np.minimum(np.searchsorted(edges, weights, side="right") - 1, len(internal) - 1)
    first, last = np.flatnonzero(internal)[[0, -1]]
    if edges[first] == edges[last + 1]:
        index[weights == edges[first]] = first
    return index.astype(np.uint8)


def quantize_range_split(weights: Float, scheme: Scheme, k_max: int) -> QuantizedWeights:
    """Quantize by intervals; equations (1) to (7), and (8) for RS-VBS.

    Levels are the m-bit mean of an interval's weights, saturated: external ones on the grid
    2**-(m - 1), internal ones on 2**-(m - 1 + k). An empty interval gets its midpoint, so that
    the table stays in order; no weight has its code, and it has no say in k.
    """
    internal = np.repeat([False, True, False], scheme.partitions)
    edges = interval_edges(weights, scheme)
    index = assign(weights, edges, internal)
    intervals = tabulate(weights, index, edges, internal)
    lut = table(intervals.mean, intervals.count, scheme, k_max)
    return QuantizedWeights(index, lut, lut.k, intervals, scheme)


def table(mean: Float, count: npt.NDArray[np.int64], scheme: Scheme, k_max: int) -> Lut:
    """Return the table of intervals with these means and numbers of weights."""
    internal = np.repeat([False, True, False], scheme.partitions)
    k = scheme.k
    if k is None:
        inside = mean[internal & (count > 0)]
        k = largest_shift(inside, scheme.m, k_max) if scheme.shifted else 0
    coarse, fine = (QFormat(scheme.m, scheme.m - 1 + shift) for shift in (0, k))
    levels = np.where(internal, fine.from_float(mean), coarse.from_float(mean))
    return Lut(levels.astype(np.int32), internal, scheme.m, k)
