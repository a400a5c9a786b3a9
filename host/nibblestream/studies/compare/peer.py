"""Quantizers of other libraries: their common return type, group sizes, and suppressed output."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


class Dequantized(NamedTuple):
    """A quantized layer: dequantized weights, float32 (out, in), and bytes other than codes.

    `extra` counts what the library stores beside the codes: scales, zero points, tables, and codes
    of padding.
    """

    weights: Float32
    extra: int


def near(length: int, size: int) -> int:
    """Return the divisor of a length nearest to a size, the smaller of two that are equally near.

    Groups of such a size need no padding.
    """
    divisors = (n for n in range(1, length + 1) if length % n == 0)
    return min(divisors, key=lambda n: (abs(n - size), n))


@contextmanager
def quietly() -> Iterator[None]:
    """Suppress warnings, log lines and progress bars of other libraries within this block."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            for kind in (DeprecationWarning, FutureWarning, ResourceWarning, UserWarning):
                warnings.simplefilter("ignore", kind)
            yield
    finally:
        logging.disable(level)
