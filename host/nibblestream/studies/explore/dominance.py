"""Dominance between costs of several kinds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def undominated(found: Sequence[tuple[float, ...]]) -> list[int]:
    """Return the places of costs than which no others are smaller in one and equal in the rest.

    Of equal ones, the first stays.
    """
    table = np.array(found, float)
    most = (table[:, None] <= table[None]).all(axis=-1)  # [i, j]: i is at most j in everything
    equal = most & most.T
    better = (most & ~equal) | np.triu(equal, 1)
    return [int(place) for place in np.flatnonzero(~better.any(axis=0))]
