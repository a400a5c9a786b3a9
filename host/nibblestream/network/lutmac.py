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

from ..fixed import Float, IntArray, limit, round_scaled, scaled, whole
from .curve import curve
from .layer import QuantizedLayer
from .memory import Memory, remember
from .model import QuantizedModel
from .product import Product, is_single
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
        self._layer, self._shift, self._limits = layer, layer.shift, layer.limits
        self._product = _product(layer)
        self._state: Float
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
        sums = self._product(x)
        if isinstance(layer.activation, Memory):
            outputs, self._state = remember(whole(sums, self._shift), self._state)
            return outputs
        rounded = self._rounded(sums[0])
        if layer.saturated is not None:
            self._count(rounded)
        outputs = limit(rounded, *self._limits).astype(np.int32)
        if layer.activation.tabled:
            return curve(outputs << layer.curve_shift, layer.activation)
        return outputs

    def reset(self) -> None:
        """Forget all previous rows."""
        self._state = np.zeros(self._layer.width)  # of a layer with memory or a GRU

    def _rounded(self, sums: Float) -> Float:
        """Round sums, in place, to the layer's word."""
        leak = self._layer.activation.leak
        if leak:
            sums *= np.where(sums < 0, scaled(self._shift + leak), scaled(self._shift))
            return np.rint(sums, out=sums)
        return round_scaled(sums, self._shift)

    def _count(self, rounded: Float) -> None:
        """Count values beyond the format's ends, not those beyond an activation's limits."""
        word, (low, high) = self._layer.word, self._limits
        if high == word.high:
            self.saturated += int(np.count_nonzero(rounded > high))
        if low == word.low:
            self.saturated += int(np.count_nonzero(rounded < low))

    def _recur(self, x: IntArray) -> npt.NDArray[np.int32]:
        """Return the outputs of a recurrent layer."""
        matrix, state = Sums(self._product, self._shift), self._state.astype(np.int64)
        y, state = recur(x.astype(np.int64) << self._layer.align, state, matrix)
        self._state = state.astype(np.float64)
        return y


def _product(layer: QuantizedLayer) -> Product:
    """Return a layer's matrix and bias; of a layer with memory, those of each gate.

    The gates of a layer with memory are rounded by different shifts. Their weights are divided by
    what is beyond the layer's shift, so that one shift rounds them all.
    """
    word, parts, more = layer.factor_format, 1, np.zeros(1, int)
    if isinstance(layer.activation, Memory):
        parts, more = Memory.sums, np.array(Memory.shifts)
    weights = layer.decoded.T.reshape(layer.inputs, -1, parts).transpose(2, 0, 1)
    bias = np.ldexp(layer.bias, layer.bias_shift).reshape(1, -1, parts).transpose(2, 0, 1)
    down = -more[:, None, None]
    single = is_single(layer.decoded, max(-word.low, word.high))
    return Product(np.ldexp(weights, down), np.ldexp(bias, down), single)


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
