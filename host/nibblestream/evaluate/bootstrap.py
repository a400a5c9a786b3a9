"""Bootstrap intervals of means and of ratios of means over clips."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .clip import Float

RESAMPLES = 2000
SEED = 0
LEVEL = 95.0  # percent


class Interval(NamedTuple):
    """A mean and the ends of its 95% interval."""

    mean: float
    low: float
    high: float


def interval(numerator: Float, denominator: Float, names: Sequence[str]) -> Interval:
    """Return sum(numerator) / sum(denominator) and its percentile bootstrap interval.

    With a denominator of ones this is a mean, and with a numerator of differences between two
    systems on the same clips the interval is paired. Clips with the same name (one mixture through
    several channels) are resampled together, as they are not independent.

    Parameters
    ----------
    numerator, denominator : float64, shape (clips,)
        At least one clip, finite, the denominator positive.
    names : sequence of str, length clips

    Returns
    -------
    Interval
        Seeded: the same input gives the same interval. With a single name, its width is zero.
    """
    clusters = np.unique(np.asarray(names), return_inverse=True)[1]
    top, bottom = np.bincount(clusters, numerator), np.bincount(clusters, denominator)
    counts = _draws(len(top))
    tail = (100.0 - LEVEL) / 2
    low, high = np.percentile((counts @ top) / (counts @ bottom), [tail, 100.0 - tail])
    return Interval(float(top.sum() / bottom.sum()), float(low), float(high))


@lru_cache(maxsize=128)  # one entry per group size
def _draws(size: int) -> Float:
    rng = np.random.default_rng(SEED)
    return rng.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)
