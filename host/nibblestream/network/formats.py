"""Which Q format each layer's words have, and the proof that no accumulator overflows.

Hidden activations
------------------
25-bit signed words (24 magnitude bits), with ReLU or without. Their fraction is as fine as it can
be without full-scale audio ever saturating them. By Cauchy and Schwarz, a neuron of weights w and
bias b stays within ``|w| N + |b|`` if its input vector is no longer than N:

* magnitudes: a frame is a windowed signal within +-1, so by Parseval the 256 bins of its FFT have
  a summed square of at most ``256 * sum(hann**2) = 256 * 48``, and N**2 is 8 frames of that. The
  network sees 129 of the bins, which leaves far more room than rounding needs;
* log2 features: 1032 values within +-1, so N**2 = 1032;
* deeper layers: the sum of the squared bounds of the layer before.

The fraction is at least 12 bits all the same: with an 8-bit mantissa the next layer can then
reach the 17 fractional bits of a magnitude by a right shift. (A network whose activations may
exceed 4096 can saturate.)

Accumulator
-----------
On the grid of input times weight. Its largest magnitude is at most inputs * largest input *
largest decoded weight, plus the largest bias on that grid, plus half an output step for
rounding. That has to fit 48 signed bits, whatever the codes and whatever the input.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from .scheme import Scheme

Float = npt.NDArray[np.float64]

MIN_FRAC = 12
_FRAME_ENERGY = spec.FFT * 3 * spec.WINDOW / 8  # 3/8: the mean square of a periodic Hann window


def input_norm(features: str) -> float:
    """Bound the Euclidean length of the network's input vector for full-scale audio."""
    per_frame = _FRAME_ENERGY if features == "magnitude" else spec.BINS
    return math.sqrt(spec.CONTEXT * per_frame)


def output_bounds(weights: Float, bias: Float, norm: float) -> Float:
    """Bound each output: weights (out, in), bias (out,), input vectors no longer than `norm`."""
    return np.asarray(np.linalg.norm(weights, axis=1) * norm + np.abs(bias))


def hidden_format(largest: float, finest: int) -> QFormat:
    """Return the format of activations up to `largest`.

    `finest` is the fraction of the accumulator, beyond which there is nothing to keep.
    """
    whole_bits = math.frexp(largest)[1]  # largest < 2**whole_bits
    frac = spec.ACTIVATION_BITS - 1 - whole_bits
    return QFormat(spec.ACTIVATION_BITS, min(max(frac, MIN_FRAC), finest))


def accumulator_bound(
    inputs: int, word: QFormat, weight: int, bias: int, weight_frac: int, shift: int
) -> int:
    """Return the largest magnitude an accumulator can reach, an exact integer.

    Parameters
    ----------
    inputs : int
        Products added up.
    word : QFormat
        Of the inputs.
    weight, bias : int
        Largest magnitudes: decoded weight on the grid 2**-weight_frac, bias in `spec.BIAS`.
    weight_frac : int
        Fractional bits of the weights.
    shift : int
        Requantisation right shift.
    """
    products = inputs * max(-word.low, word.high) * weight
    return products + (bias << bias_shift(word, weight_frac)) + ((1 << shift) >> 1)


def bias_shift(word: QFormat, weight_frac: int) -> int:
    """Return the left shift from `spec.BIAS` onto the accumulator's grid."""
    return word.frac + weight_frac - spec.BIAS.frac


def signed_bits(magnitude: int) -> int:
    """Return the width of a signed word that holds +-magnitude."""
    return magnitude.bit_length() + 1


def largest_shift_that_fits(inputs: int, word: QFormat, scheme: Scheme) -> int:
    """Return the largest k with which any layer of this width and scheme fits the accumulator.

    External entries are decoded to mantissa << k, internal ones to the mantissa itself.
    """
    for k in range(spec.WEIGHT_BITS - scheme.m, 0, -1):
        weight = 1 << (scheme.m - 1 + (k if scheme.split or scheme.free else 0))
        frac = scheme.m - 1 + k
        bound = accumulator_bound(inputs, word, weight, -spec.BIAS.low, frac, word.frac + frac)
        if signed_bits(bound) <= spec.ACCUMULATOR_BITS:
            return k
    return 0
