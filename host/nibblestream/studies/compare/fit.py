"""Whether weights are what the overlay's look-up table holds: at most 2**n values a layer.

The table has one entry for each code, a mantissa of 8 bits on one of two grids; the shift between
them is one for the layer, and there is no scale.
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
    """Tell how the weights of a network fit.

    Returns
    -------
    {"yes", "rounded", "no"}
        "yes": a table holds each layer's values as they are; "rounded": it holds as many, each
        rounded to its grid; "no": some layer has more values than codes.
    """
    return max((_fit(values, bits) for values in layers), key=(YES, ROUNDED, NO).index)


def table_of(values: Values, bits: int) -> Lut | None:
    """Return the table nearest to a layer's values, or None if they are more than codes."""
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
