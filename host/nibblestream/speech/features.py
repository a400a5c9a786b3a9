"""Input features in normative integers: log2 magnitude relative to a slowly tracked noise floor.

The floor of each bin follows the log2 magnitude down quickly and up slowly, so it settles near
the level of steady noise. The feature, the log2 of the ratio of magnitude to floor, is invariant
to the recording level and to any fixed filter (microphone, telephone band).
In hardware: a leading-one detector, a 64-entry table, two adders and one state word per bin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray, round_shift

_BUCKETS = 1 << spec.LOG2_TABLE_BITS
_CENTRES = (np.arange(_BUCKETS) + 0.5) / _BUCKETS
LOG2_TABLE = np.round((np.log2(1 + _CENTRES) - _CENTRES) * 2**spec.LOG2_FRAC).astype(np.int32)
# In 2**-8 octaves: one truncated LSB of f times the slope of log2(1 + f), at most 1.443; half the
# table's step of 4 LSBs times the slope of log2(1 + f) - f, at most 0.443; the table's rounding.
LOG2_ERROR = 1.443 + 2 * 0.443 + 0.5
_FLOOR_SHIFT = spec.FLOOR_FRAC - spec.LOG2_FRAC


def log2(magnitude: IntArray) -> npt.NDArray[np.int32]:
    """Return ``log2(magnitude + LOG2_OFFSET)`` of integers, in 2**-8 octaves.

    The position of the leading one is the integer part. The fraction is the eight bits f below it
    plus ``log2(1 + f) - f`` from a table addressed by the upper six of them. The error is at most
    `LOG2_ERROR`.

    Parameters
    ----------
    magnitude : int32, any shape
        In `spec.MAGNITUDE`, 0 to 2**24 - 1.

    Returns
    -------
    int32, same shape
        8 fractional bits, 4 * 2**8 to 24.01 * 2**8.
    """
    value = np.asarray(magnitude, np.int32) + np.int32(spec.LOG2_OFFSET)
    exponent = np.frexp(value.astype(np.float64))[1] - 1
    below = exponent - spec.LOG2_FRAC
    fraction = (value >> np.maximum(below, 0)) << np.maximum(-below, 0)
    fraction &= (1 << spec.LOG2_FRAC) - 1
    correction = LOG2_TABLE[fraction >> (spec.LOG2_FRAC - spec.LOG2_TABLE_BITS)]
    level: npt.NDArray[np.int32] = (exponent << spec.LOG2_FRAC) + fraction + correction
    return level


class FloorTracker:
    """Converter from magnitudes to features, frame by frame, with one state word per bin."""

    def __init__(self) -> None:
        self._floor: npt.NDArray[np.int32] | None = None

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
        level = log2(magnitude) << _FLOOR_SHIFT
        floors = np.empty_like(level)
        if self._floor is None and len(level):
            self._floor = level[0]
        for t, now in enumerate(level):
            assert self._floor is not None
            self._floor = floors[t] = _follow(self._floor, now)
        return spec.FEATURE.saturate(round_shift(level - floors, _FLOOR_SHIFT))


def _follow(floor: npt.NDArray[np.int32], level: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    difference = level - floor
    rise = round_shift(np.maximum(difference, 0), spec.FLOOR_RISE)
    fall = round_shift(np.minimum(difference, 0), spec.FLOOR_FALL)
    return floor + rise + fall
