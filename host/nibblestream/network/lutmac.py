"""Integer LUT decode, multiply-accumulate and requantisation: normative.

A code addresses the layer's LUT, whose mantissa, shifted by the range flag, is one integer on the
grid 2**-(m-1+k) (paper, Table 1 and eq. (8)). Products are summed exactly in an accumulator that
the model proved wide enough, the bias is added on the accumulator's grid, and the sum is rounded
to the layer's output format, saturated, and passed through the layer's ReLU.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray, round_shift
from .layer import QuantizedLayer


class LutMac:
    """One layer, ready to run.

    Parameters
    ----------
    layer : QuantizedLayer
        Codes of shape (out, in), with LUT, bias and formats.
    """

    def __init__(self, layer: QuantizedLayer) -> None:
        self._layer = layer
        # Accumulators have at most 48 bits and a float64 holds 53, so a float matrix product is
        # exact in any order of summation, and fast.
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
