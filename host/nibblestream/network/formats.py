"""Q formats of each layer's activations, and the proof that no accumulator overflows.

Hidden activations
------------------
25-bit signed words (24 magnitude bits), with or without ReLU. They have the most fractional bits
with which full-scale audio never saturates them. By the Cauchy-Schwarz inequality, the output of a
neuron with weights w and bias b is at most ``|w| N + |b|``, where N bounds the norm of the input:

* magnitudes: a frame is a windowed signal within +-1, so by Parseval's theorem the squares of its
  256 FFT bins sum to at most ``256 * sum(hann**2) = 256 * 48``, and N**2 is 8 times that. The
  network uses only 129 of the bins, so the bound leaves far more headroom than rounding needs;
* log2 features: 1032 values within +-1, so N**2 = 1032;
* deeper layers: N**2 is the sum of the squared output bounds of the previous layer.

There are always at least 12 fractional bits: with an 8-bit mantissa, the next layer can then
reach the 17 fractional bits of a magnitude by a right shift. (Activations that can exceed 4096
may therefore saturate.)

Accumulator
-----------
Its LSB is the product of the LSBs of input and weight. Its magnitude is at most inputs * largest
input * largest decoded weight, plus the largest bias in that LSB, plus half an output LSB for
rounding. This must fit 48 signed bits for all codes and all inputs.
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
    """Return a bound on the Euclidean norm of the network's input for full-scale audio."""
    per_frame = _FRAME_ENERGY if features == "magnitude" else spec.BINS
    return math.sqrt(spec.CONTEXT * per_frame)


def output_bounds(weights: Float, bias: Float, norm: float) -> Float:
    """Return a bound on each output's magnitude, shape (out,), for inputs of norm up to `norm`.

    `weights` have the shape (out, in), `bias` (out,).
    """
    return np.asarray(np.linalg.norm(weights, axis=1) * norm + np.abs(bias))


def hidden_format(largest: float, finest: int) -> QFormat:
    """Return the format of hidden activations with magnitudes up to `largest`.

    `finest` is the number of fractional bits of the accumulator; more would carry no information.
    """
    whole_bits = math.frexp(largest)[1]  # largest < 2**whole_bits
    frac = spec.ACTIVATION_BITS - 1 - whole_bits
    return QFormat(spec.ACTIVATION_BITS, min(max(frac, MIN_FRAC), finest))


def accumulator_bound(
    inputs: int, word: QFormat, weight: int, bias: int, weight_frac: int, shift: int
) -> int:
    """Return the largest magnitude that an accumulator can reach, as an exact integer.

    Parameters
    ----------
    inputs : int
        Number of products in the sum.
    word : QFormat
        Format of the inputs.
    weight, bias : int
        Largest magnitudes of the decoded weights (LSB 2**-weight_frac) and of the biases (in
        `spec.BIAS`).
    weight_frac : int
        Fractional bits of the weights.
    shift : int
        Right shift from the accumulator to the output (requantisation).
    """
    products = inputs * max(-word.low, word.high) * weight
    return products + (bias << bias_shift(word, weight_frac)) + ((1 << shift) >> 1)


def bias_shift(word: QFormat, weight_frac: int) -> int:
    """Return the left shift that aligns a bias in `spec.BIAS` with the accumulator."""
    return word.frac + weight_frac - spec.BIAS.frac


def signed_bits(magnitude: int) -> int:
    """Return the width of a signed word that holds +-magnitude."""
    return magnitude.bit_length() + 1


def largest_shift_that_fits(inputs: int, word: QFormat, scheme: Scheme) -> int:
    """Return the largest k for which every layer of this width and scheme fits the accumulator.

    External entries decode to ``mantissa << k``, internal ones to the mantissa itself.
    """
    for k in range(spec.WEIGHT_BITS - scheme.m, 0, -1):
        weight = 1 << (scheme.m - 1 + (k if scheme.split or scheme.free else 0))
        frac = scheme.m - 1 + k
        bound = accumulator_bound(inputs, word, weight, -spec.BIAS.low, frac, word.frac + frac)
        if signed_bits(bound) <= spec.ACCUMULATOR_BITS:
            return k
    return 0
