"""Normalisation with constant statistics, as a scale and a shift."""

from __future__ import annotations

from typing import Any

import numpy as np

from .affine import Affine


def batch_norm(
    x: Affine, scale: Any, shift: Any, mean: Any, variance: Any, epsilon: float
) -> Affine:
    """Return ``(x - mean) / sqrt(variance + epsilon) * scale + shift`` along the second dimension.

    All but `x` and `epsilon` have the shape (channels,); None is 1 for `scale`, 0 for `shift`.
    """
    factor = (1.0 if scale is None else scale) / np.sqrt(variance + epsilon)
    offset = (0.0 if shift is None else shift) - mean * factor
    behind = (1,) * (len(x.shape) - 2)
    scaled: Affine = x * factor.reshape(-1, *behind)
    return scaled.__add__(offset.reshape(-1, *behind))
