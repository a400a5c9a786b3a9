"""Q formats of each layer's activations, and the proof that no accumulator overflows.

Activations
-----------
25-bit signed words (24 magnitude bits), with as many fractional bits as the largest output allows.
Three sources say how large that is:

* a bound from the norm of the input: by the Cauchy-Schwarz inequality, the output of a neuron with
  weights w and bias b is at most ``|w| N + |b|`` if N bounds the norm. The front gives N for the
  first layer; after it, N**2 is the sum of the squared output bounds of the layer before;
* a bound from the magnitude of each input, for networks whose layers are scaled:
  ``sum(|w| r) + |b|``, which is never larger;
* data. In a deep network a bound can be much larger than any output, and would leave few
  fractional bits. If it is more than `TOLERANCE` times the largest output seen on calibration
  data, the format takes `HEADROOM` times that output, and larger outputs saturate.

Networks whose layers are not scaled, as in the paper, use the first bound alone, with at least 12
fractional bits: with an 8-bit mantissa, the next layer can then reach the 17 fractional bits of a
magnitude by a right shift. (Activations that can exceed 4096 may therefore saturate.)

Accumulator
-----------
Its LSB is the product of the LSBs of input and weight. Its magnitude is at most inputs * largest
input * largest decoded weight, plus the largest bias in that LSB, plus half an output LSB for
rounding. This must fit 48 signed bits for all codes and all inputs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from .scheme import Scheme

Float = npt.NDArray[np.float64]

MIN_FRAC = 12  # of layers that are not scaled
TOLERANCE = 64.0  # bounds up to this many times the largest output seen are used
LARGEST_SHIFT = spec.ACCUMULATOR_BITS - 2  # from an accumulator to an output
HEADROOM = 4.0  # times the largest output seen that a format holds if the bound is not used


def norm_bounds(weights: Float, bias: Float, norm: float) -> Float:
    """Return a bound on each output's magnitude, shape (out,), for inputs of norm up to `norm`.

    `weights` have the shape (out, in), `bias` (out,).
    """
    return np.asarray(np.linalg.norm(weights, axis=1) * norm + np.abs(bias))


def sum_bounds(weights: Float, bias: Float, reach: Float) -> Float:
    """Return a bound on each output's magnitude, for inputs of magnitudes up to `reach` (in,)."""
    return np.asarray(np.abs(weights) @ reach + np.abs(bias))


def activation_format(largest: float, finest: int, least: int | None = None) -> QFormat:
    """Return the format of activations with magnitudes up to `largest`.

    Parameters
    ----------
    largest : float
    finest : int
        Fractional bits of the accumulator; more would carry no information.
    least : int, optional
        Least number of fractional bits, even if larger activations then saturate.
    """
    whole_bits = math.frexp(largest)[1]  # largest < 2**whole_bits
    frac = spec.ACTIVATION_BITS - 1 - whole_bits
    frac = frac if least is None else max(frac, least)
    return QFormat(spec.ACTIVATION_BITS, min(frac, finest))


def bias_format(largest: float, finest: int) -> QFormat:
    """Return the 16-bit format of biases with magnitudes up to `largest`, in a scaled layer."""
    frac = spec.WIDE_BIAS_BITS - 1 - math.frexp(largest)[1] if largest else finest
    return QFormat(spec.WIDE_BIAS_BITS, min(frac, finest))


def layer_exponent(weights: npt.NDArray[np.floating[Any]]) -> int:
    """Return the least e with all weights inside +-2**e; 0 if all are zero."""
    return math.frexp(float(np.abs(weights).max(initial=0.0)))[1]


def accumulator_bound(inputs: int, word: QFormat, weight: int, bias: int, shift: int) -> int:
    """Return the largest magnitude that an accumulator can reach, as an exact integer.

    Parameters
    ----------
    inputs : int
        Number of products in the sum.
    word : QFormat
        Format of the inputs.
    weight : int
        Largest magnitude of the decoded weights.
    bias : int
        Largest magnitude of the biases, on the accumulator's grid.
    shift : int
        Largest right shift from the accumulator to the output (requantisation).
    """
    return inputs * max(-word.low, word.high) * weight + bias + ((1 << shift) >> 1)


def signed_bits(magnitude: int) -> int:
    """Return the width of a signed word that holds +-magnitude."""
    return magnitude.bit_length() + 1


def largest_shift_that_fits(
    inputs: int, word: QFormat, scheme: Scheme, bias: float = 1.0
) -> int | None:
    """Return the largest k for which every layer of this width and scheme fits the accumulator.

    External entries decode to ``mantissa << k``, internal ones to the mantissa itself. `bias` is
    the largest magnitude of a bias, in units of the layer's power of two. None if even k = 0 does
    not fit.
    """
    for k in range(spec.WEIGHT_BITS - scheme.m, -1, -1):
        weight = 1 << (scheme.m - 1 + (k if scheme.split or scheme.free else 0))
        frac = word.frac + scheme.m - 1 + k
        largest = math.ceil(math.ldexp(bias, frac))
        shift = min(max(frac, 0), LARGEST_SHIFT)
        bound = accumulator_bound(inputs, word, weight, largest, shift)
        if signed_bits(bound) <= spec.ACCUMULATOR_BITS:
            return k
    return None
