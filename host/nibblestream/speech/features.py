"""Input features in normative integers: log2 magnitude relative to a slowly tracked noise floor.

The floor of each bin follows the log2 magnitude down quickly and up slowly, so it settles near
the level of steady noise. The feature, the log2 of the ratio of magnitude to floor, is invariant
to the recording level and to any fixed filter (microphone, telephone band).
In hardware: a leading-one detector, a 64-entry table, two adders and one state word per bin.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import ROUNDS, Float, IntArray, limit, round_scaled, scaled

_BUCKETS = 1 << spec.LOG2_TABLE_BITS
_CENTRES = (np.arange(_BUCKETS) + 0.5) / _BUCKETS
LOG2_TABLE = np.round((np.log2(1 + _CENTRES) - _CENTRES) * 2**spec.LOG2_FRAC).astype(np.int32)
# In 2**-8 octaves: one truncated LSB of f times the slope of log2(1 + f), at most 1.443; half the
# table's step of 4 LSBs times the slope of log2(1 + f) - f, at most 0.443; the table's rounding.
LOG2_ERROR = 1.443 + 2 * 0.443 + 0.5
_LEAST = int(math.log2(spec.LOG2_OFFSET))
_FLOOR_SHIFT = spec.FLOOR_FRAC - spec.LOG2_FRAC
_FLOAT32 = np.finfo(np.float32)


def _levels() -> npt.NDArray[np.int32]:
    """Return every logarithm: by the leading one's position, and the eight bits below it."""
    exponent, fraction = np.divmod(
        np.arange((spec.MAGNITUDE.bits + 1 - _LEAST) << spec.LOG2_FRAC), 1 << spec.LOG2_FRAC
    )
    correction = LOG2_TABLE[fraction >> (spec.LOG2_FRAC - spec.LOG2_TABLE_BITS)]
    levels = ((exponent + _LEAST) << spec.LOG2_FRAC) + fraction + correction
    return np.asarray(levels, np.int32)


_LEVELS = _levels()
_STATES = (_LEVELS << _FLOOR_SHIFT) + ROUNDS  # the same as states of the floor, to round as it does
_SPEEDS = scaled(spec.FLOOR_RISE), scaled(spec.FLOOR_FALL)


def log2(magnitude: IntArray) -> npt.NDArray[np.int32]:
    """Return ``log2(magnitude + LOG2_OFFSET)`` of integers, in 2**-8 octaves.

    The position of the leading one is the integer part. The fraction is the eight bits f below it
    plus ``log2(1 + f) - f`` from a table addressed by the upper six of them. The error is at most
    `LOG2_ERROR`. A float32 has the position and the bits side by side, in its upper half.

    Parameters
    ----------
    magnitude : int32, any shape
        In `spec.MAGNITUDE`, 0 to 2**24 - 1.

    Returns
    -------
    int32, same shape
        8 fractional bits, 4 * 2**8 to 24.01 * 2**8.
    """
    return _LEVELS.take(_addresses(magnitude))


def _addresses(magnitude: IntArray) -> npt.NDArray[np.int32]:
    value = np.asarray(magnitude, np.float32) + np.float32(spec.LOG2_OFFSET)
    word: npt.NDArray[np.int32] = value.view(np.int32)
    word >>= _FLOAT32.nmant - spec.LOG2_FRAC
    word -= (_LEAST - _FLOAT32.minexp + 1) << spec.LOG2_FRAC
    return word


class FloorTracker:
    """Converter from magnitudes to features, frame by frame, with one state word per bin."""

    def __init__(self) -> None:
        self._floor: Float | None = None

    def process(self, magnitude: IntArray) -> npt.NDArray[np.int32]:
        """Return the features of the next frames.

        Parameters
        ----------
        magnitude : int32, shape (frames, ...)
            In `spec.MAGNITUDE`. The floor starts at the level of the first frame.

        Returns
        -------
        int32, same shape
            In `spec.FEATURE`: 1/256 octaves above the floor, saturated at +-8 octaves.
        """
        level = _STATES.take(_addresses(magnitude))
        floors = np.empty_like(level)
        if len(level):
            start = level[0] if self._floor is None else self._floor
            self._floor = _follow(start, level, floors)
        level -= floors
        round_scaled(level, _FLOOR_SHIFT)
        return limit(level, spec.FEATURE.low, spec.FEATURE.high).astype(np.int32)


def _follow(floor: Float, levels: Float, floors: Float) -> Float:
    """Write the floor of each frame to `floors`, and return the last; all plus `ROUNDS`.

    A rise is slower than a fall, so of both speeds' steps the smaller is that of its sign.
    """
    difference, slow, fast = np.empty((3, *floor.shape))
    rise, fall = (np.full_like(floor, speed) for speed in _SPEEDS)  # NumPy multiplies them sooner
    for level, out in zip(levels, floors, strict=True):
        np.subtract(level, floor, difference)
        np.multiply(difference, rise, slow)
        np.multiply(difference, fall, fast)
        np.minimum(slow, fast, out=slow)
        floor = np.add(floor, slow, out)
    return floor.copy()
