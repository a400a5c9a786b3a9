"""The float network on calibration rows: target outputs and sensitivities of its layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.memory import elementwise
from .data import Data, rows
from .objective import LayerError, layer_error

Float32 = npt.NDArray[np.float32]


class Teacher:
    """Outputs and sensitivities of a float network's layers.

    The sensitivity of a layer's output is the second derivative of half the squared error of the
    network's final outputs (Gauss-Newton, without cross terms between outputs). It is zero where an
    activation or the limits of the front block the output, and otherwise propagated backwards
    through the squared weights.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration or float (n, inputs)
    """

    def __init__(self, model: FloatModel, calibration: Data) -> None:
        self.model, self.activations = model, elementwise(model.activations)
        self.inputs = rows(calibration, model)
        self.weight = model.front.row_weights(self.inputs)
        self.outputs: list[Float32] = []  # of each layer, before its activation
        x = self.inputs
        layers = zip(model.weights, model.biases, self.activations, strict=True)
        for weights, bias, activation in layers:
            self.outputs.append(x @ weights.T + bias)
            x = activation(self.outputs[-1])
        self.target = final(self.outputs[-1], model)

    def sensitivities(self) -> list[Float32]:
        """Return each layer's sensitivity, float32 (frames, out)."""
        slope = final_slope(self.outputs[-1], self.model)
        seen = [(slope**2 * self.weight[:, None]).astype(np.float32)]
        for i in range(len(self.outputs) - 2, -1, -1):
            below: Float32 = seen[0] @ self.model.weights[i + 1] ** 2
            below *= self.activations[i].derivative(self.outputs[i]) ** 2
            seen.insert(0, below)
        return seen

    def errors(self) -> list[LayerError]:
        """Return the quadratic error of each layer, for its inputs in the float network."""
        seen = self.sensitivities()
        return [self.layer_error(i, self.before(i), seen[i]) for i in range(len(seen))]

    def before(self, i: int) -> Float32:
        """Return the inputs of layer i in the float network, float32 (frames, in)."""
        if i == 0:
            return self.inputs
        return self.activations[i - 1](self.outputs[i - 1])

    def layer_error(self, i: int, inputs: Float32, sensitivity: Float32) -> LayerError:
        """Return the quadratic error of layer i for the given inputs, float32 (frames, in)."""
        values = self.model.weights[i].astype(np.float64)
        # All-zero biases stay zero: outputs of a network without biases scale with its inputs.
        biased = bool(self.model.biases[i].any())
        if biased:
            values = np.concatenate([values, self.model.biases[i][:, None]], axis=1)
        return layer_error(values, inputs, self.outputs[i], sensitivity, biased)

    def error(self, outputs: Float32) -> float:
        """Return `loss` for given sums of the last layer."""
        return self.loss(final(outputs, self.model))

    def loss(self, outputs: npt.NDArray[np.floating[Any]]) -> float:
        """Return the weighted mean squared error of outputs of the network, after `final`."""
        squares = np.mean(np.square(outputs - self.target, dtype=np.float64), axis=1)
        return float(self.weight @ squares) / len(outputs)


def final(outputs: Float32, model: FloatModel) -> Float32:
    """Return the network's outputs from sums of the last layer: its activation, then the front."""
    (activation,) = elementwise(model.activations[-1:])
    return np.clip(activation(outputs), *model.front.limits)


def final_slope(outputs: Float32, model: FloatModel) -> Float32:
    """Return the derivative of `final`: that of the activation, or 0 where a limit applies."""
    (activation,) = elementwise(model.activations[-1:])
    passed = final(outputs, model)
    if activation.kind in ("linear", "relu", "clip"):
        return np.asarray(passed == outputs, np.float32)
    inside = np.equal(passed, activation(outputs))
    return np.asarray(activation.derivative(outputs) * inside, np.float32)
