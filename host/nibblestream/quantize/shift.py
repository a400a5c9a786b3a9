"""The virtual bit shift of equation (8)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..fixed import QFormat, round_half_away


def largest_shift(values: npt.NDArray[np.floating[Any]], bits: int, limit: int) -> int:
    """Return the largest k for which values, shifted left by k, fit a signed word after rounding.

    Parameters
    ----------
    values : float, any shape
        Values to be held by a word of `bits` bits with ``bits - 1 + k`` fractional bits.
    bits : int
        Width of the word.
    limit : int
        The largest k to consider.

    Returns
    -------
    int
        0 to `limit`. Also 0 if the values do not fit with k = 0; the caller saturates them.
    """
    extremes = np.array([values.min(), values.max()], np.float64)
    for k in range(limit, 0, -1):
        word = QFormat(bits, bits - 1 + k)
        low, high = round_half_away(extremes * 2.0**word.frac)
        if word.low <= low and high <= word.high:
            return k
    return 0
