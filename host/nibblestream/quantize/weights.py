"""Quantization of one layer's weights by any scheme that needs no calibration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.scheme import TRAINED, Scheme
from .asymmetric import quantize_asymmetric
from .intervals import QuantizedWeights
from .kmeans import quantize_kmeans
from .range_split import quantize_range_split
from .uniform import quantize_uniform

LARGEST_SHIFT = spec.WEIGHT_BITS - spec.MANTISSA_BITS


def quantize_weights(
    weights: npt.ArrayLike, scheme: Scheme, k_max: int = LARGEST_SHIFT
) -> QuantizedWeights:
    """Quantize the weights of one layer.

    Parameters
    ----------
    weights : float, shape (out, in)
        In [-1, 1]; 1 saturates.
    scheme : Scheme
    k_max : int
        Largest virtual bit shift to choose if `scheme.k` is None.

    Returns
    -------
    QuantizedWeights
        Codes uint8 (out, in), the LUT (None for 8 bits), k, the interval table and the scheme.

    Raises
    ------
    ValueError
        The weights are not two-dimensional, are empty, not finite or beyond +-1, or the scheme
        needs calibration or training.
    """
    values = np.asarray(weights, np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"weights have the shape {values.shape}; expected (out, in), not empty")
    check_range(values, "weights")
    if scheme.name == TRAINED:
        raise ValueError(
            f"codes of {TRAINED} are trained, not quantized: use nibblestream finetune"
        )
    if scheme.calibrated:
        raise ValueError(
            f"{scheme.name} fits a layer to recordings, which quantize_weights does not take: use "
            "quantize with calibration, or kmeans"
        )
    if scheme.free:
        return quantize_kmeans(values, scheme, k_max)
    if scheme.name == "rs-vbs-asym":
        return quantize_asymmetric(values, scheme, k_max)
    if scheme.split:
        return quantize_range_split(values, scheme, k_max)
    return quantize_uniform(values, scheme, k_max)


def check_range(values: npt.NDArray[np.float64], what: str) -> None:
    """Raise ValueError if values contain NaN, infinity or magnitudes above 1."""
    if not np.isfinite(values).all():
        raise ValueError(f"{what} hold NaN or infinity; expected finite values")
    largest = np.abs(values).max(initial=0.0)
    if largest > 1:
        raise ValueError(
            f"{what} reach {largest:g}; expected -1 to 1: clamp them while training, as "
            "'nibblestream train' does"
        )
