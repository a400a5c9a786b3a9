"""Integer LUT decoding, multiply-accumulate and requantisation: the normative definition.

A code addresses an entry of the layer's LUT. Its mantissa, shifted left by k if the entry is
external, is the weight in units of 2**-(m-1+k) (paper, Table 1 and eq. (8)). Products are summed
exactly, in an accumulator that `QuantizedLayer` has checked to be wide enough, and the bias is
added, aligned with the accumulator. The sum is rounded to the layer's output format and limited: to
that format, to zero by a ReLU, to the limits of a clip. A leaky ReLU shifts negative sums further
to the right. Sigmoid and tanh round the sum to the inputs of `curve`; `memory` and `recurrent`
define the layers that depend on earlier rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray, round_shift
from .curve import curve
from .layer import QuantizedLayer
from .memory import Memory, remember
from .model import QuantizedModel
from .recurrent import Recurrent, Sums, recur


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
        self.saturated = 0  # outputs so far that were beyond the output format
        self.reset()

    def __call__(self, x: IntArray) -> npt.NDArray[np.int32]:
        """Return the layer's output.

        Parameters
        ----------
        x : int32, shape (frames, in), or (frames, sequences, in) side by side
            In the layer's `input_format`; a recurrent layer takes (frames, out).

        Returns
        -------
        int32, shape (frames, out) or (frames, sequences, out)
            In the layer's `output_format`.
        """
        layer = self._layer
        if isinstance(layer.activation, Recurrent):
            return self._recur(x)
        accumulator = (x.astype(np.float64) @ self._weights).astype(np.int64) + self._bias
        if isinstance(layer.activation, Memory):
            return self._remember(accumulator, layer.activation)
        rounded = round_shift(accumulator, layer.shift)
        if layer.activation.kind == "leaky":
            leaked = round_shift(accumulator, layer.shift + layer.activation.leak)
            rounded = np.where(accumulator < 0, leaked, rounded)
        y = np.clip(rounded, *layer.limits)
        if layer.saturated is not None:  # at the format's ends, not at an activation's limits
            beyond = np.where(
                rounded > y, y == layer.word.high, (rounded < y) & (y == layer.word.low)
            )
            self.saturated += int(np.count_nonzero(beyond))
        if layer.activation.tabled:
            return curve(y << layer.curve_shift, layer.activation)
        return y.astype(np.int32)

    def reset(self) -> None:
        """Forget all previous rows."""
        self._state = np.zeros(self._layer.width, np.int64)  # of a layer with memory or a GRU

    def _remember(self, accumulator: IntArray, memory: Memory) -> npt.NDArray[np.int32]:
        """Return the outputs of a layer with memory."""
        for i, more in enumerate(memory.shifts):
            sums = accumulator[..., i :: memory.sums]
            sums[:] = round_shift(sums, self._layer.shift + more)
        y, self._state = remember(np.clip(accumulator, *self._layer.limits), self._state)
        return y

    def _recur(self, x: IntArray) -> npt.NDArray[np.int32]:
        """Return the outputs of a recurrent layer."""
        matrix = Sums(self._weights, self._bias, self._layer.shift)
        y, self._state = recur(x.astype(np.int64) << self._layer.align, self._state, matrix)
        return y


class Network:
    """Integer evaluation of all layers of a quantized model.

    Parameters
    ----------
    model : QuantizedModel
    """

    def __init__(self, model: QuantizedModel) -> None:
        self._layers = [LutMac(layer) for layer in model.layers]

    @property
    def saturated(self) -> list[int]:
        """Outputs of each layer so far that were beyond its output format, where any can be."""
        return [layer.saturated for layer in self._layers]

    def reset(self) -> None:
        """Forget all previous rows."""
        for layer in self._layers:
            layer.reset()

    def process(self, x: IntArray) -> npt.NDArray[np.int32]:
        """Return the outputs, int32 (rows, outputs), of inputs, int32 (rows, inputs).

        After a reset, several sequences may run side by side: (rows, sequences, inputs).
        """
        for layer in self._layers:
            x = layer(x)
        return np.asarray(x, np.int32)
