"""Calibration data of any network, as the rows that its first layer takes.

A network with memory runs through recordings from their beginnings, each from an empty state. For
others, rows need no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.front import Plain
from .calibration import Calibration
from .sequences import Sequences

Float32 = npt.NDArray[np.float32]
Given = Calibration | npt.ArrayLike | Sequence[npt.ArrayLike]
Data = Calibration | list[Float32]  # recordings for speech, else rows (n, inputs) of recordings
Seen = tuple[Float32, Sequences]  # rows (n, inputs) of the first layer

ROWS = 16384  # most rows used; a random choice of more
LEAST = 16
PROBES = 256


def checked(data: Given, model: FloatModel) -> Data:
    """Return calibration data of the right kind for a model: `Calibration`, or float32 rows.

    Raises
    ------
    TypeError
        The data are of the wrong kind.
    ValueError
        Rows have the wrong shape, are fewer than 16, or are not finite.
    """
    if isinstance(data, Calibration):
        rows(data, model)  # refuses other fronts
        return data
    if not isinstance(model.front, Plain):
        raise TypeError(
            f"calibration is a {type(data).__name__}; expected a Calibration of recordings"
        )
    found = [_checked(recording, model.inputs) for recording in _recordings(data)]
    total = sum(map(len, found))
    if total < LEAST:
        raise ValueError(f"calibration has {total} rows; expected {LEAST} or more")
    if total <= ROWS:
        return found
    return _drawn(found) if model.remembers else [_picked(np.concatenate(found))]


def _recordings(data: npt.ArrayLike | Sequence[npt.ArrayLike]) -> Sequence[npt.ArrayLike]:
    """Return data as a list of recordings: of one, if they are the rows of one array."""
    if isinstance(data, np.ndarray):
        return [*data] if data.ndim == 3 else [data]
    if isinstance(data, Sequence) and len(data) and all(np.ndim(some) == 2 for some in data):
        return data
    return [np.asarray(data)]


def _checked(rows: npt.ArrayLike, inputs: int) -> Float32:
    found = np.asarray(rows)
    if found.dtype.kind not in "fiub":
        raise TypeError(f"calibration is {found.dtype}; expected numbers, (n, {inputs})")
    if found.ndim != 2 or found.shape[1] != inputs or not len(found):
        raise ValueError(
            f"calibration has the shape {found.shape}; expected (n, {inputs}), with {LEAST} "
            "rows or more, or a list of such recordings"
        )
    if not np.isfinite(found).all():
        raise ValueError("calibration holds NaN or infinity; expected finite values")
    values: Float32 = found.astype(np.float32)
    return values


def _picked(found: Float32) -> Float32:
    """Return a random choice of rows."""
    return np.asarray(found[np.random.default_rng(0).permutation(len(found))[:ROWS]])


def _drawn(found: list[Float32]) -> list[Float32]:
    """Return a random choice of recordings; the last ends where there are enough rows."""
    order = np.random.default_rng(0).permutation(len(found))
    left, drawn = ROWS, []
    for i in order:
        drawn.append(found[i][:left])
        left -= len(drawn[-1])
        if not left:
            break
    return drawn


def rows(data: Data, model: FloatModel) -> Seen:
    """Return checked data as inputs of the first layer, float32 (n, inputs), and their sequences.

    For a network without memory, each row is a sequence of its own.
    """
    if isinstance(data, Calibration) and not model.remembers:
        found = [data.inputs(model.front)]
    else:
        found = data.sequences(model.front) if isinstance(data, Calibration) else data
    every = np.concatenate(found).astype(np.float32)
    lengths = [*map(len, found)] if model.remembers else np.ones(len(every), np.intp)
    return every, Sequences(lengths)


def probe(model: FloatModel) -> Seen | None:
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
    return (shares * bounds).astype(np.float32), Sequences(np.ones(PROBES, np.intp))


def fitted(model: FloatModel, data: Data | None) -> Plain:
    """Return the front of a plain model for the ranges of its inputs, in the data if there are any.

    Powers of two bring all ranges above half of the largest.
    """
    assert isinstance(model.front, Plain)
    whole = model.front.bounds(model.inputs)
    if data is None and not np.ptp(whole):
        return model.front
    reach = whole if data is None else Plain.seen(rows(data, model)[0], whole).bounds(model.inputs)
    return Plain(reach, 1 - np.frexp(reach.max() / reach)[1])


def divided(
    model: FloatModel, data: Data | None, front: Plain
) -> tuple[FloatModel, list[Float32] | None]:
    """Return the same network and data for inputs that the powers of two have been divided out of.

    As in the hidden layers (`rescale`), weights of inputs whose ranges differ share one table.
    """
    scale = front.scale(model.inputs).astype(np.float32)
    first = model.weights[0] * scale
    reach = front.bounds(model.inputs) / scale
    source = replace(model, weights=(first, *model.weights[1:]), front=Plain(reach))
    if data is None:
        return source, None
    assert not isinstance(data, Calibration)
    return source, [recording / scale for recording in data]
