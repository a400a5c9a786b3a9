"""Integer LUT decoding, multiply-accumulate and requantisation: the normative definition.

A code addresses an entry of the layer's LUT. Its mantissa, shifted left by k if the entry is
external, is the weight in units of 2**-(m-1+k) (paper, Table 1 and eq. (8)). Products are summed
exactly, in an accumulator that `QuantizedLayer` has checked to be wide enough, and the bias is
added, aligned with the accumulator. The sum is rounded to the layer's output format, saturated,
and passed through the layer's ReLU.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray, round_shift
from .layer import QuantizedLayer


class LutMac:
    """Integer evaluation of one quantized layer.

    Parameters
    ----------
    layer : QuantizedLayer
        Codes of shape (out, in), with LUT, bias and formats.
    """

    def __init__(self, layer: QuantizedLayer) -> None:
        self._layer = layer
        # Accumulators have at most 48 bits and a float64 mantissa 53, so a float matrix product
        # is exact in any order of summation, and fast.
        self._weights = np.ascontiguousarray(layer.decoded.T, dtype=np.float64)
        self._bias = layer.bias.astype(np.int64) << layer.bias_shift

    def __call__(self, x: IntArray) -> npt.NDArray[np.int32]:
        """Return the layer's output.

        Parameters
        ----------
        x : int32, shape (frames, in)
            In the layer's `input_format`.

        Returns
        -------
        int32, shape (frames, out)
            In the layer's `output_format`.
        """
        layer = self._layer
        accumulator = (x.astype(np.float64) @ self._weights).astype(np.int64) + self._bias
        y = layer.output_format.saturate(round_shift(accumulator, layer.shift))
        return (np.maximum(y, 0) if layer.relu else y).astype(np.int32)
