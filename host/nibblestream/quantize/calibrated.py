"""Quantization of one layer after another by the calibrated schemes.

fisher: curvature-weighted k-means, nearest codes. gptq: k-means weighted by each weight's cost
after the other weights of its neuron have compensated for it, and codes with error feedback.
refit: gptq, then tables and codes fitted in turn. distil and auto: refit, then the tables and
biases of the whole network tuned (`distil`); auto scales the hidden units first (`rescale`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.float_model import FloatModel
from ..network.scheme import Scheme
from .calibration import Calibration
from .coded_layer import CodedLayer
from .fisher import fisher_lut
from .gptq import gptq
from .levels import Grid, nearest_codes
from .objective import LayerError
from .refit import refit
from .teacher import Teacher

Float32 = npt.NDArray[np.float32]


class Student:
    """The layers quantized so far, evaluated on calibration frames.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration
    """

    def __init__(self, model: FloatModel, calibration: Calibration) -> None:
        self.teacher = Teacher(model, calibration)
        self._sensitivities = self.teacher.sensitivities()
        self._model, self._inputs, self._next = model, self.teacher.inputs, 0

    def encode(self, scheme: Scheme, k_max: int) -> CodedLayer:
        """Quantize the next layer by a calibrated scheme, given the quantized layers before it."""
        i = self._next
        error = self.teacher.layer_error(i, self._inputs, self._sensitivities[i])
        return encode(error, scheme, k_max)

    def append(self, coded: CodedLayer) -> None:
        """Append the next quantized layer and compute its outputs."""
        bias = spec.BIAS.to_float(coded.bias).astype(np.float32)
        x = self._inputs @ coded.weights.T.astype(np.float32) + bias
        self._inputs = np.maximum(x, 0) if self._model.relu[self._next] else x
        self._next += 1


def encode(error: LayerError, scheme: Scheme, k_max: int) -> CodedLayer:
    """Quantize one layer by a calibrated scheme; for distil and auto this is refit."""
    lut = fisher_lut(error, scheme, k_max, feedback=scheme.name != "fisher")
    grid = Grid(lut.values, error.inputs)
    values = nearest(error, grid) if scheme.name == "fisher" else gptq(error, grid)
    if scheme.name not in ("fisher", "gptq"):
        values, lut = refit(error, values, lut, scheme, k_max)
    codes = nearest_codes(values[:, : error.inputs], lut)
    biases = values[:, error.inputs] if values.shape[1] > error.inputs else np.zeros(len(values))
    return CodedLayer(codes, lut, lut.k, scheme, spec.BIAS.from_float(biases))


def nearest(error: LayerError, grid: Grid) -> npt.NDArray[np.float64]:
    """Round each of a layer's target weights and biases to its nearest grid value."""
    columns = range(error.target.shape[1])
    return np.stack([grid.snap(error.target[:, j], j) for j in columns], axis=1)
