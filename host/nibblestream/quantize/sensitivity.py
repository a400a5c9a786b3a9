"""Error at a network's output when a single layer is quantized and the others are float."""

from __future__ import annotations

import numpy as np

from .. import spec
from ..network.float_model import FloatModel
from ..network.scheme import Scheme
from .calibrated import encode
from .calibration import Calibration
from .teacher import Teacher
from .weights import LARGEST_SHIFT, quantize_weights


class Sensitivity:
    """Output errors of a network with one quantized layer, by layer and scheme.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration
    """

    def __init__(self, model: FloatModel, calibration: Calibration) -> None:
        self._teacher = Teacher(model, calibration)
        self._errors = self._teacher.errors()

    def error(self, i: int, scheme: Scheme) -> float:
        """Return the mean squared error of the output when only layer i is quantized."""
        model = self._teacher.model
        if scheme.calibrated:
            coded = encode(self._errors[i], scheme, LARGEST_SHIFT)
            weights, bias = coded.weights, spec.BIAS.to_float(coded.bias)
        else:
            done = quantize_weights(model.weights[i], scheme)
            weights, bias = done.weights, model.biases[i].astype(np.float64)
        x = self._teacher.before(i) @ weights.T.astype(np.float32) + bias.astype(np.float32)
        for j in range(i + 1, len(model.weights)):
            x = np.maximum(x, 0) if model.relu[j - 1] else x
            x = x @ model.weights[j].T + model.biases[j]
        return self._teacher.error(x)
