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

from ..fixed import Float, IntArray, limit, round_scaled, scaled
from .curve import curve
from .layer import QuantizedLayer
from .memory import Memory, remember
from .model import QuantizedModel
from .product import Product
from .recurrent import Recurrent, Sums, recur


class LutMac:
    """Integer evaluation of one quantized layer.

    Sums are whole numbers in float64 until they are outputs: `product` says why that is exact.

    Parameters
    ----------
    layer : QuantizedLayer
        Codes of shape (out, in), with LUT, bias and formats.
    """

    def __init__(self, layer: QuantizedLayer) -> None:
        self._layer = layer
        word, rows = layer.factor_format, self._rows(layer)
        self._product = Product(layer.decoded[rows].T, max(-word.low, word.high))
        self._bias = np.ldexp(layer.bias[rows], layer.bias_shift)
        self.saturated = 0  # outputs so far that were beyond the output format
        self.reset()

    @staticmethod
    def _rows(layer: QuantizedLayer) -> slice | IntArray:
        """Return the order of the sums: of a layer with memory gate by gate, not unit by unit."""
        if not isinstance(layer.activation, Memory):
            return slice(None)
        return np.arange(layer.outputs).reshape(-1, Memory.sums).T.reshape(-1)

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
        sums = self._product(x)
        sums += self._bias
        if isinstance(layer.activation, Memory):
            return self._remember(sums, layer.activation)
        y = self._rounded(sums)
        low, high = layer.limits
        if layer.saturated is not None:
            self._count(y, low, high)
        outputs = limit(y, low, high).astype(np.int32)
        if layer.activation.tabled:
            return curve(outputs << layer.curve_shift, layer.activation)
        return outputs

    def reset(self) -> None:
        """Forget all previous rows."""
        self._state = np.zeros(self._layer.width, np.int64)  # of a layer with memory or a GRU

    def _rounded(self, sums: Float) -> Float:
        """Round sums, in place, to the layer's word."""
        shift, leak = self._layer.shift, self._layer.activation.leak
        if leak:
            sums *= np.where(sums < 0, *scaled([shift + leak, shift]))
            return np.rint(sums, out=sums)
        return round_scaled(sums, shift)

    def _count(self, rounded: Float, low: int, high: int) -> None:
        """Count values beyond the format's ends, not those beyond an activation's limits."""
        word = self._layer.word
        if high == word.high:
            self.saturated += int(np.count_nonzero(rounded > high))
        if low == word.low:
            self.saturated += int(np.count_nonzero(rounded < low))

    def _remember(self, sums: Float, memory: Memory) -> npt.NDArray[np.int32]:
        """Return the outputs of a layer with memory."""
        gates = np.split(sums, memory.sums, axis=-1)
        for gate, more in zip(gates, memory.shifts, strict=True):
            limit(round_scaled(gate, self._layer.shift + more), *self._layer.limits)
        y, self._state = remember(gates, self._state)
        return y

    def _recur(self, x: IntArray) -> npt.NDArray[np.int32]:
        """Return the outputs of a recurrent layer."""
        matrix = Sums(self._product, self._bias, self._layer.shift)
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
