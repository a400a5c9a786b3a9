"""Calibration data of any network, as the rows that its first layer takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.front import Plain
from .calibration import Calibration

Float32 = npt.NDArray[np.float32]
Data = Calibration | Float32  # recordings for speech, else rows (n, inputs)

ROWS = 16384  # most rows used; a random choice of more
LEAST = 16
PROBES = 256
HEADROOM = 2  # of the ranges of inputs over those of the data


def checked(data: Calibration | npt.ArrayLike, model: FloatModel) -> Data:
    """Return calibration data of the right kind for a model: `Calibration`, or float32 rows.

    Raises
    ------
    TypeError
        The data are of the wrong kind.
    ValueError
        Rows have the wrong shape, are fewer than 16, or are not finite.
    """
    if isinstance(data, Calibration):
        data.inputs(model.front)  # refuses other fronts
        return data
    if not isinstance(model.front, Plain):
        raise TypeError(
            f"calibration is a {type(data).__name__}; expected a Calibration of recordings"
        )
    found = np.asarray(data)
    if found.dtype.kind not in "fiub":
        raise TypeError(f"calibration is {found.dtype}; expected numbers, (n, {model.inputs})")
    if found.ndim != 2 or found.shape[1] != model.inputs or len(found) < LEAST:
        raise ValueError(
            f"calibration has the shape {found.shape}; expected (n, {model.inputs}), with {LEAST} "
            "rows or more"
        )
    if not np.isfinite(found).all():
        raise ValueError("calibration holds NaN or infinity; expected finite values")
    if len(found) > ROWS:
        found = found[np.random.default_rng(0).permutation(len(found))[:ROWS]]
    return found.astype(np.float32)


def rows(data: Data, model: FloatModel) -> Float32:
    """Return checked data as inputs of the first layer, float32 (n, inputs)."""
    return data.inputs(model.front) if isinstance(data, Calibration) else data.astype(np.float32)


def probe(model: FloatModel) -> Float32 | None:
    """Return random rows within the ranges of a plain model's inputs, for want of data.

    Half of the rows have both signs, as standardized data; a quarter each has only positive values,
    as images, or only negative ones. Those add up to sums far beyond those of mixed signs.
    """
    bounds = model.front.bounds(model.inputs)
    if bounds is None:
        return None
    shares = np.random.default_rng(0).uniform(-1, 1, (PROBES, model.inputs))
    shares[::2] = np.abs(shares[::2])
    shares[::4] *= -1
    return (shares * bounds).astype(np.float32)


def fitted(model: FloatModel, data: Data) -> Plain:
    """Return the front of a plain model for the ranges of its inputs in the data.

    Up to twice what is seen fits, within the range that the model has by itself, which inputs that
    are always zero keep. Powers of two bring all ranges above half of the largest.
    """
    seen = np.abs(rows(data, model)).max(axis=0).astype(np.float64)
    whole = model.front.bounds(model.inputs)
    assert whole is not None
    reach = np.where(seen > 0, np.clip(whole, seen, HEADROOM * seen), whole)
    return Plain(reach, 1 - np.frexp(reach.max() / reach)[1])


def divided(model: FloatModel, data: Data, front: Plain) -> tuple[FloatModel, Float32]:
    """Return the same network and data for inputs that the powers of two have been divided out of.

    As in the hidden layers (`rescale`), weights of inputs whose ranges differ share one table.
    """
    scale = front.scale(model.inputs).astype(np.float32)
    first = model.weights[0] * scale
    reach = front.bounds(model.inputs) / scale
    source = replace(model, weights=(first, *model.weights[1:]), front=Plain(reach))
    return source, rows(data, model) / scale
