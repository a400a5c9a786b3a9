"""Exact k-means of weights: the table of float levels with the least squared error.

In one dimension, clusters are intervals of the sorted values, so dynamic programming finds the
optimum (Wang and Song, *Ckmeans.1d.dp*, R Journal 2011). The best start of the last cluster never
moves left as the end moves right, so divide and conquer takes O(k n log n) for k clusters
(Grønlund et al., *Fast exact k-means, k-medians and Bregman divergence clustering in 1D*, 2017,
https://arxiv.org/abs/1701.07204).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..network.scheme import Scheme
from .intervals import QuantizedWeights, tabulate
from .levels import best_lut, nearest_codes

Float = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


class Clusters(NamedTuple):
    """Centres in rising order, and the summed weights of their values; both float64 (count,)."""

    centres: Float
    masses: Float


def quantize_kmeans(weights: Float, scheme: Scheme, k_max: int) -> QuantizedWeights:
    """Quantize to the nearest level; levels are exact k-means centres, rounded to the LUT grid."""
    lut = best_lut(*kmeans(weights, None, 1 << scheme.bits), scheme, k_max)
    codes, values = nearest_codes(weights, lut), lut.values
    ends = [min(values[0], weights.min()), max(values[-1], weights.max())]
    edges = np.concatenate([ends[:1], (values[1:] + values[:-1]) / 2, ends[1:]])
    intervals = tabulate(weights, codes, edges, lut.internal)
    return QuantizedWeights(codes, lut, lut.k, intervals, scheme)


def kmeans(values: Float, weights: Float | None, count: int) -> Clusters:
    """Find the clusters of least weighted squared error.

    Parameters
    ----------
    values : float64, any shape
    weights : float64, shape of values, optional
        Weight of each value, zero or more; equal for all by default.
    count : int
        Number of clusters.

    Returns
    -------
    Clusters
        `count` clusters; if there are fewer distinct values, the last centre is repeated with mass
        zero.
    """
    ordered, mass = _distinct(values, weights)
    # Centred sums lose less precision in the differences below.
    middle = float(np.average(ordered, weights=mass))
    total = np.concatenate([[0.0], np.cumsum(mass)])
    moment = np.concatenate([[0.0], np.cumsum(mass * (ordered - middle))])
    cuts = _cuts(total, moment, min(count, len(ordered)))
    masses = np.diff(total[cuts])
    centres = middle + np.diff(moment[cuts]) / masses
    missing = count - len(centres)
    return Clusters(np.pad(centres, (0, missing), mode="edge"), np.pad(masses, (0, missing)))


def _distinct(values: Float, weights: Float | None) -> tuple[Float, Float]:
    """Return the distinct values, sorted, and their weights, raised to a small positive floor."""
    flat = values.ravel()
    mass = np.ones(flat.size) if weights is None else np.asarray(weights, np.float64).ravel()
    floor = 1e-9 * mass.mean() or 1.0
    order = np.argsort(flat, kind="stable")
    ordered, mass = flat[order], np.maximum(mass[order], floor)
    first = np.flatnonzero(np.concatenate([[True], np.diff(ordered) > 0]))
    return ordered[first], np.add.reduceat(mass, first)


def _cuts(total: Float, moment: Float, count: int) -> Index:
    """Return the boundaries of the best `count` clusters, from prefix sums of w and w x.

    ``best[j]`` is the largest sum over clusters of the first j values of mass times squared centre.
    The squared error is the constant ``sum(w x**2)`` minus that sum.
    """
    size = len(total) - 1
    best = np.full(size + 1, -np.inf)
    best[1:] = moment[1:] ** 2 / total[1:]
    found = []
    for clusters in range(2, count + 1):
        best, last = _add_cluster(best, total, moment, clusters)
        found.append(last)
    cuts = [size]
    for last in reversed(found):
        cuts.append(int(last[cuts[-1]]))
    return np.array([*cuts, 0][::-1], np.intp)


def _add_cluster(best: Float, total: Float, moment: Float, clusters: int) -> tuple[Float, Index]:
    """Return for each end the best sum of `clusters` clusters, and the start of the last cluster.

    Divide and conquer over the ends, one level of the recursion at a time: the search for an end's
    start is bounded by the starts found for its neighbours at the levels before.
    """
    size = len(total) - 1
    result = np.full(size + 1, -np.inf)
    start = np.full(size + 1, clusters - 1, np.intp)
    ends = size - clusters + 1  # ends from `clusters` to `size`, the p-th is clusters - 1 + p
    stride = 1 << ends.bit_length()
    found = np.full(stride + 1, size - 1, np.intp)
    found[0] = clusters - 1
    while stride > 1:
        half = stride >> 1
        p = np.arange(half, ends + 1, stride, dtype=np.intp)
        if p.size:
            j = clusters - 1 + p
            low, high = found[p - half], np.minimum(found[p + half], j - 1)
            result[j], start[j] = _best_start(best, total, moment, j, low, high)
            found[p] = start[j]
        stride = half
    return result, start


def _best_start(
    best: Float, total: Float, moment: Float, ends: Index, low: Index, high: Index
) -> tuple[Float, Index]:
    """Return the best sum and start of the last cluster for each end, `low` <= start <= `high`."""
    sizes = high - low + 1
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    i = np.arange(sizes.sum(), dtype=np.intp) + np.repeat(low - first, sizes)
    j = np.repeat(ends, sizes)
    explained = best[i] + (moment[j] - moment[i]) ** 2 / (total[j] - total[i])
    most = np.maximum.reduceat(explained, first)
    hits = np.flatnonzero(explained == np.repeat(most, sizes))
    return most, i[hits[np.searchsorted(hits, first)]]
