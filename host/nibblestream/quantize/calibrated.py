"""Quantization of one layer after another by the calibrated schemes.

fisher: curvature-weighted k-means, nearest codes. gptq: k-means weighted by each weight's cost
after the other weights of its neuron have compensated for it, and codes with error feedback.
refit: the same table, then codes by `search`, and tables and codes fitted in turn. distil and auto:
refit, then the tables and biases of the whole network tuned (`distil`); auto scales the hidden
units first (`rescale`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.scheme import Scheme
from .coded_layer import CodedLayer, Unit
from .data import Data
from .fisher import fisher_lut
from .gptq import gptq
from .levels import Grid, nearest_codes
from .objective import LayerError
from .passes import factors, forward
from .refit import fit
from .teacher import Teacher

Float32 = npt.NDArray[np.float32]


class Student:
    """The layers quantized so far, evaluated on calibration rows.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration or list of float32 (n, inputs)
    """

    def __init__(self, model: FloatModel, calibration: Data) -> None:
        self.teacher = Teacher(model, calibration)
        self._inputs, self._next = self.teacher.inputs, 0

    def encode(self, scheme: Scheme, unit: Unit) -> CodedLayer:
        """Quantize the next layer by a calibrated scheme, given the quantized layers before it."""
        i = self._next
        # The matrix of a recurrent layer multiplies what it gives in float, for the inputs it gets.
        seen = factors(self.teacher.layers[i], self._inputs, self.teacher.sequences)
        return encode(self.teacher.layer_error(i, seen), scheme, unit)

    def append(self, coded: CodedLayer) -> None:
        """Append the next quantized layer and compute its outputs."""
        layer = coded.layer(self.teacher.model.activations[self._next])
        self._inputs = forward(layer, self._inputs, self.teacher.sequences).outputs
        self._next += 1


def encode(error: LayerError, scheme: Scheme, unit: Unit) -> CodedLayer:
    """Quantize one layer by a calibrated scheme; for distil and auto this is refit."""
    error = error.in_units(unit.exponent)
    bias_word = replace(unit.bias_format, frac=unit.bias_format.frac + unit.exponent)
    lut = fisher_lut(error, scheme, unit.k_max, feedback=scheme.name != "fisher")
    grid = Grid(lut.values, error.inputs, bias_word)
    if scheme.name in ("fisher", "gptq"):
        values = nearest(error, grid) if scheme.name == "fisher" else gptq(error, grid)
    else:
        values, lut = fit(error, lut, scheme, unit.k_max, bias_word)
    codes = nearest_codes(values[:, : error.inputs], lut)
    biases = values[:, error.inputs] if values.shape[1] > error.inputs else np.zeros(len(values))
    bias = bias_word.from_float(biases)
    return CodedLayer(codes, lut, lut.k, scheme, bias, unit.exponent, unit.bias_format)


def nearest(error: LayerError, grid: Grid) -> npt.NDArray[np.float64]:
    """Round each of a layer's target weights and biases to its nearest grid value."""
    columns = range(error.target.shape[1])
    return np.stack([grid.snap(error.target[:, j], j) for j in columns], axis=1)
