"""Layer by layer along the calibrated schemes, each of which goes on where another ends.

fisher: curvature-weighted k-means, nearest codes. gptq: the same levels, but weighted by what is
left of each weight's cost when others make up for it, and codes with error feedback. refit: tables
and codes of gptq, fitted in turn. distil and auto: refit, and then the whole network's tables
and biases are tuned (`distil`); auto scales the hidden units before (`rescale`).
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
    """The quantized network as far as it is known, on calibration frames.

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
        """Quantize the next layer by one of the calibrated schemes, for the inputs it will have."""
        i = self._next
        error = self.teacher.layer_error(i, self._inputs, self._sensitivities[i])
        return encode(error, scheme, k_max)

    def append(self, coded: CodedLayer) -> None:
        """Take the next layer as it was quantized."""
        bias = spec.BIAS.to_float(coded.bias).astype(np.float32)
        x = self._inputs @ coded.weights.T.astype(np.float32) + bias
        self._inputs = np.maximum(x, 0) if self._model.relu[self._next] else x
        self._next += 1


def encode(error: LayerError, scheme: Scheme, k_max: int) -> CodedLayer:
    """Quantize a layer to cost little: as far as its scheme goes on its own."""
    lut = fisher_lut(error, scheme, k_max, feedback=scheme.name != "fisher")
    grid = Grid(lut.values, error.inputs)
    values = nearest(error, grid) if scheme.name == "fisher" else gptq(error, grid)
    if scheme.name not in ("fisher", "gptq"):
        values, lut = refit(error, values, lut, scheme, k_max)
    codes = nearest_codes(values[:, : error.inputs], lut)
    biases = values[:, error.inputs] if values.shape[1] > error.inputs else np.zeros(len(values))
    return CodedLayer(codes, lut, lut.k, scheme, spec.BIAS.from_float(biases))


def nearest(error: LayerError, grid: Grid) -> npt.NDArray[np.float64]:
    """Round a layer's target weights and biases to a grid, each on its own."""
    columns = range(error.target.shape[1])
    return np.stack([grid.snap(error.target[:, j], j) for j in columns], axis=1)
