"""Test whether the overlay's look-up tables can hold a network's weights.

A layer has at most 2**n different values, one table entry per code. An entry is an 8-bit mantissa
on one of two grids; the shift between the grids is the same for the whole layer, and there is no
scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import spec
from ...network.lut import Lut
from ...quantize import lut_at
from ...quantize.weights import LARGEST_SHIFT

Values = npt.NDArray[np.floating[Any]]

YES, ROUNDED, NO = "yes", "rounded", "no"  # best first


def fit(layers: Iterable[Values], bits: int) -> str:
    """Return whether the weights of a network fit the tables.

    Returns
    -------
    {"yes", "rounded", "no"}
        "yes": each layer's values are exact table entries; "rounded": each layer has few enough
        values, but they must be rounded to a grid; "no": some layer has more values than codes.
    """
    return max((_fit(values, bits) for values in layers), key=(YES, ROUNDED, NO).index)


def table_of(values: Values, bits: int) -> Lut | None:
    """Return the table nearest to a layer's values, or None if there are more values than codes."""
    distinct = np.unique(values).astype(np.float64)
    if len(distinct) > 1 << bits:
        return None
    levels = np.pad(distinct, (0, (1 << bits) - len(distinct)), mode="edge")
    tables = [lut_at(levels, spec.MANTISSA_BITS, k) for k in range(LARGEST_SHIFT + 1)]
    return min(tables, key=lambda table: float(np.sum((table.values - levels) ** 2)))


def _fit(values: Values, bits: int) -> str:
    table = table_of(values, bits)
    if table is None:
        return NO
    return YES if np.isin(values, table.values).all() else ROUNDED
