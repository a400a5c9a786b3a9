"""Sigmoid and tanh in normative integers: one table of 256 chords of tanh.

The magnitude u of the input, in units of 2**-15 below 8, selects a chord by its upper 8 bits; the
lower 10 bits interpolate on it. ``sigmoid(x) = (1 + tanh(x / 2)) / 2``, so for sigmoid the same
integers count units of 2**-14. In hardware: a block RAM and a small multiplier.

Error, in units of the output's 2**-15: a chord of width h = 1/32 is at most h**2 / 8 times the
largest second derivative of tanh, 4 / (3 sqrt(3)), from the curve: 3.08. Rounding of its ends adds
0.5 and rounding of the interpolation 0.5. Sigmoid halves that sum and rounds once more. Inputs
beyond the table are taken as its end, where tanh is within 2.3e-7 of 1.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray, QFormat, limit, round_shift
from .activation import Activation

INPUT: Final = {
    "tanh": QFormat(spec.CURVE_INPUT_BITS + 1, spec.CURVE_INPUT_FRAC),
    "sigmoid": QFormat(spec.CURVE_INPUT_BITS + 1, spec.CURVE_INPUT_FRAC - 1),
    "memory": QFormat(spec.CURVE_INPUT_BITS + 1, spec.CURVE_INPUT_FRAC),  # of its tanh
    "gru": QFormat(spec.CURVE_INPUT_BITS + 1, spec.CURVE_INPUT_FRAC),  # of its tanh
}
# Largest left shift of sums to inputs. From 16, steps of sums are 2 or more before tanh, and the
# largest input is one such step below the table's end: 4 in the worst case, where tanh is 0.9993.
COARSEST: Final = spec.CURVE_INPUT_BITS - 1
_STEP = spec.CURVE_INPUT_BITS - spec.CURVE_INDEX_BITS  # bits that interpolate
_ONE = 1 << spec.CURVE.frac
_WIDTH = 2.0 ** (_STEP - spec.CURVE_INPUT_FRAC)  # of a chord
_ENDS = np.array(
    [round(math.tanh(i * _WIDTH) * _ONE) for i in range((1 << spec.CURVE_INDEX_BITS) + 1)], np.int32
)
STARTS, RISES = _ENDS[:-1], np.diff(_ENDS)
TANH_ERROR: Final = (_WIDTH**2 / 8 * 4 / (3 * math.sqrt(3)) * _ONE + 1) / _ONE
SIGMOID_ERROR: Final = TANH_ERROR / 2 + 0.5 / _ONE


def curve(x: IntArray, activation: Activation) -> npt.NDArray[np.int32]:
    """Return sigmoid or tanh of integers.

    Parameters
    ----------
    x : int32 or int64, within +-2**62, any shape
        In `INPUT` of the activation's kind; larger magnitudes are taken as the largest.
    activation : Activation
        `SIGMOID` or `TANH`.

    Returns
    -------
    int32, same shape
        In `spec.CURVE`, within `SIGMOID_ERROR` or `TANH_ERROR` of the exact value at x.
    """
    return look_up(np.array(x, np.int64), activation).astype(np.int32)


def look_up(x: npt.NDArray[np.int64], activation: Activation) -> IntArray:
    """Return `curve` of integers in any dtype that holds it; x is lost."""
    middle = 1 << spec.CURVE_INPUT_BITS
    x += middle
    if np.dtype(np.intp).itemsize < x.itemsize:  # indices of 32 bits, to which these would wrap
        limit(x, 0, 2 * middle - 1)
    return _outputs(activation.kind).take(x.astype(np.intp, copy=False), mode="clip")


@cache
def _outputs(kind: str) -> IntArray:
    """Return the outputs of all inputs, from the smallest on, (2**19,); read-only."""
    x = np.arange(INPUT[kind].low, INPUT[kind].high + 1, dtype=np.int32)
    magnitude = np.minimum(np.abs(x), (1 << spec.CURVE_INPUT_BITS) - 1)
    chord, along = magnitude >> _STEP, magnitude & ((1 << _STEP) - 1)
    height = STARTS[chord] + round_shift(RISES[chord] * along, _STEP)
    tanh = np.where(x < 0, -height, height)
    found = tanh if kind == "tanh" else round_shift(_ONE + tanh, 1).astype(np.uint16)
    found.flags.writeable = False
    return found
