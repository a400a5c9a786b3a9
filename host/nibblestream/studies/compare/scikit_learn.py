"""K-means of each layer's weights by scikit-learn, with a look-up table of floats."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, Float32

ENTRY = 4  # bytes of a float32
SEED = 0


def k_means(model: FloatModel, bits: int, _: Calibration | None) -> list[Dequantized]:
    """Replace each weight by the centre of its cluster."""
    return [Dequantized(_centred(w, 1 << bits), ENTRY << bits) for w in model.weights]


def _centred(weights: Float32, count: int) -> Float32:
    found = KMeans(count, random_state=SEED).fit(weights.reshape(-1, 1))
    centres = found.cluster_centers_.ravel().astype(np.float32)
    return np.asarray(centres[found.labels_].reshape(weights.shape))
