"""Conversion of user samples (int16 or float) to float64 in [-1, 1] and back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ..fixed import limit

Float = npt.NDArray[np.float64]


def to_float(samples: npt.ArrayLike, *, whole: bool = True) -> tuple[Float, np.dtype[Any]]:
    """Check samples and convert them to float64 in [-1, 1].

    Parameters
    ----------
    samples : float or int16, any shape
        Values beyond full scale are clipped, with a warning.
    whole : bool
        True for a whole signal, whose peak the warning states. False for a chunk of a stream: the
        warning is then the same for every chunk, so that Python shows it once.

    Returns
    -------
    samples : float64, same shape
    dtype : numpy.dtype
        The input's dtype, for `from_float`.

    Raises
    ------
    TypeError
        The samples are neither float nor int16.
    ValueError
        A sample is NaN or infinite.
    """
    found = np.asarray(samples)
    integer = found.dtype.newbyteorder("=") == np.int16
    if not integer and found.dtype.kind != "f":
        raise TypeError(
            f"found samples of dtype {found.dtype}; expected floats within +-1, or int16: "
            "divide other integers by their full scale"
        )
    floats = found / 2.0**15 if integer else found.astype(np.float64)
    if not np.isfinite(floats).all():
        raise ValueError("found NaN or infinity in the samples; expected finite values")
    peak = np.abs(floats).max(initial=0)
    if peak > 1:
        found_peak = f"peaks at {peak:.4g}," if whole else "goes"
        warnings.warn(
            f"the input {found_peak} beyond full scale (1.0), and is clipped", stacklevel=3
        )
        floats = np.clip(floats, -1, 1)
    return floats, found.dtype


def from_float(samples: Float, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Convert float64 samples to the dtype returned by `to_float`, clipped to full scale."""
    samples = limit(samples.copy(), -1, 1)  # resampling can overshoot
    if dtype.kind == "i":
        samples = np.minimum(np.round(samples * 2.0**15), 2**15 - 1)
    return np.asarray(samples, dtype)
