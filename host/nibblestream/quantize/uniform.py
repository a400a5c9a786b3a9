"""U and U-VBS: uniform n-bit fixed point, the paper's baselines (section 5, Figure 3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import QFormat
from ..network.lut import Lut
from ..network.scheme import Scheme
from .intervals import QuantizedWeights, tabulate
from .shift import largest_shift


def quantize_uniform(
    weights: npt.NDArray[np.float64], scheme: Scheme, k_max: int
) -> QuantizedWeights:
    """Round weights to n-bit two's complement with step 2**-(n - 1 + k), saturated.

    k is 0 for U; for U-VBS it is the scheme's, or the largest for which all weights fit. Entries of
    U are external, those of U-VBS internal, because k applies to internal entries only.
    """
    bits, k = scheme.bits, scheme.k
    if k is None:
        k = largest_shift(weights, bits, k_max) if scheme.shifted else 0
    word = QFormat(bits, bits - 1 + k)
    levels = word.from_float(weights)
    every = np.arange(word.low, word.high + 1, dtype=np.int32)
    internal = np.full(len(every), scheme.shifted)
    # The outermost intervals extend to +-1, because weights outside the word's range saturate.
    edges = np.concatenate([[-1.0], (every[1:] - 0.5) * word.resolution, [1.0]])
    index = (levels - word.low).astype(np.uint8)
    intervals = tabulate(weights, index, edges, internal)
    if bits == 8:
        return QuantizedWeights(levels.astype(np.int8).view(np.uint8), None, k, intervals, scheme)
    lut = Lut(every << (scheme.m - bits), internal, scheme.m, k)
    return QuantizedWeights(index, lut, k, intervals, scheme)
