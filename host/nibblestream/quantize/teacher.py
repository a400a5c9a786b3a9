"""The float network on calibration rows: target outputs and sensitivities of its layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from .data import Data, rows
from .objective import LayerError, layer_error
from .passes import run, slopes

Float32 = npt.NDArray[np.float32]


class Teacher:
    """Outputs and sensitivities of a float network's layers.

    The sensitivity of a layer's sum in a row is the second derivative of half the squared error of
    the network's final outputs (Gauss-Newton, without cross terms between outputs). It is zero
    where an activation or the limits of the front block the sum, and otherwise propagated backwards
    through the squared weights, and through the squared factors of recurrences from later rows.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration or list of float32 (n, inputs)
    """

    def __init__(self, model: FloatModel, calibration: Data) -> None:
        self.model = model
        self.layers = [*model.layers()]
        self.inputs, self.sequences = rows(calibration, model)
        self.weight = model.front.row_weights(self.inputs)
        self.passes = run(self.layers, self.inputs, self.sequences)
        self.target = np.clip(self.passes[-1].outputs, *model.front.limits)

    def sensitivities(self) -> list[Float32]:
        """Return each layer's sensitivity, float32 (rows, out)."""
        weight, limits = self.weight[:, None], self.model.front.limits
        return slopes(self.layers, self.passes, weight, self.sequences, limits, power=2)

    def errors(self) -> list[LayerError]:
        """Return the quadratic error of each layer in the float network."""
        seen = self.sensitivities()
        return [self.layer_error(i, done.factors, seen[i]) for i, done in enumerate(self.passes)]

    def layer_error(self, i: int, factors: Float32, sensitivity: Float32) -> LayerError:
        """Return the quadratic error of layer i if its matrix multiplies `factors` (rows, in)."""
        values = self.model.weights[i].astype(np.float64)
        # All-zero biases stay zero: outputs of a network without biases scale with its inputs.
        biased = bool(self.model.biases[i].any())
        if biased:
            values = np.concatenate([values, self.model.biases[i][:, None]], axis=1)
        return layer_error(values, factors, self.passes[i].sums, sensitivity, biased)

    def error(self, outputs: npt.NDArray[np.floating[Any]]) -> float:
        """Return the weighted mean squared error of outputs of the network, within its limits."""
        limited = np.clip(outputs, *self.model.front.limits)
        squares = np.mean(np.square(limited - self.target, dtype=np.float64), axis=1)
        return float(self.weight @ squares) / len(outputs)
