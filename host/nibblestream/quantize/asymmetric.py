"""RS-VBS with unequal tails: the non-symmetrical range split that the paper leaves to further work.

Equations (1) to (5) give both tails the same number of intervals, and p_start and p_stop are
equally far from 0 and 1. Here the number of intervals and the share of the weights are chosen for
each tail, such that the squared error of the weights is least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..network.scheme import Scheme
from .intervals import QuantizedWeights
from .range_split import edges_of, quantize_range_split, table

Float = npt.NDArray[np.float64]

SHARES = 0.5 * 2.0 ** (-np.arange(2, 19) / 2)  # shares of the weights in a tail: 1/4 to 1/1024


def quantize_asymmetric(weights: Float, scheme: Scheme, k_max: int) -> QuantizedWeights:
    """Quantize as RS-VBS with the scheme's tails; search for them where the scheme has none.

    The scheme of the result holds the tails, p_start and p_stop that were used.
    """
    if scheme.tails is None:
        scheme = search(weights, scheme, k_max)
    return quantize_range_split(weights, scheme, k_max)


def search(weights: Float, scheme: Scheme, k_max: int) -> Scheme:
    """Vary one of tails, p_start and p_stop at a time for as long as the squared error falls.

    The search starts at the scheme's ratio, p_start and p_stop, so the result is never worse.
    """
    error = SquaredError(weights, k_max)
    below, _, above = scheme.partitions
    best = replace(scheme, tails=(below, above))
    least = error.of(best)
    improved = True
    while improved:
        improved = False
        for some in _neighbours(best):
            found = error.of(some)
            if found < least * (1 - 1e-9):
                best, least, improved = some, found, True
    return best


def _neighbours(scheme: Scheme) -> Iterator[Scheme]:
    assert scheme.tails is not None
    (below, above), most = scheme.tails, (1 << scheme.bits) - 1
    for tail in range(1, most - above + 1):
        yield replace(scheme, tails=(tail, above))
    for tail in range(1, most - below + 1):
        yield replace(scheme, tails=(below, tail))
    for share in SHARES:
        yield replace(scheme, p_start=share)
        yield replace(scheme, p_stop=1 - share)


class SquaredError:
    """Squared error of weights under a range split, from prefix sums over the sorted weights."""

    def __init__(self, weights: Float, k_max: int) -> None:
        self._ordered = np.sort(weights, axis=None)
        self._sums = np.concatenate([[0.0], np.cumsum(self._ordered)])
        self._squares = float(self._ordered @ self._ordered)
        self._k_max = k_max

    def of(self, scheme: Scheme) -> float:
        """Return the squared error of `quantize_range_split` with this scheme."""
        edges = edges_of(self._ordered, scheme)
        cuts = np.searchsorted(self._ordered, edges)
        cuts[0], cuts[-1] = 0, len(self._ordered)
        below, internal, _ = scheme.partitions
        if edges[below] == edges[below + internal]:  # no width: see `assign`
            same = edges[below + 1 : -1] == edges[below]
            cuts[below + 1 : -1][same] = np.searchsorted(self._ordered, edges[below], side="right")
        count, total = np.diff(cuts), np.diff(self._sums[cuts])
        mean = np.where(count, total / np.maximum(count, 1), (edges[1:] + edges[:-1]) / 2)
        levels = table(mean, count, scheme, self._k_max).values
        return self._squares + float(levels @ (count * levels - 2 * total))
