"""Round to nearest (RTN): symmetric uniform levels up to the largest absolute weight."""

from __future__ import annotations

import numpy as np

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, Float32

SCALE = 4  # bytes of a float32


def per_tensor(model: FloatModel, bits: int, _: Calibration | None) -> list[Dequantized]:
    """Round with one scale per layer."""
    return [Dequantized(_rounded(w, np.abs(w).max(), bits), SCALE) for w in model.weights]


def per_row(model: FloatModel, bits: int, _: Calibration | None) -> list[Dequantized]:
    """Round with one scale per output of a layer."""
    tops = [np.abs(w).max(axis=1, keepdims=True) for w in model.weights]
    return [
        Dequantized(_rounded(w, top, bits), SCALE * len(w))
        for w, top in zip(model.weights, tops, strict=True)
    ]


def _rounded(weights: Float32, top: Float32, bits: int) -> Float32:
    levels = (1 << (bits - 1)) - 1
    scale = np.where(top > 0, top, 1) / np.float32(levels)
    return np.asarray(np.round(weights / scale) * scale, np.float32)
