"""The float network on calibration frames: target outputs and sensitivities of its layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from .calibration import Calibration
from .objective import LayerError, layer_error

Float32 = npt.NDArray[np.float32]


class Teacher:
    """Outputs and sensitivities of a float network's layers.

    The sensitivity of a layer's output is the second derivative of half the squared error of the
    network's final outputs (Gauss-Newton, without cross terms between outputs). It is zero where a
    ReLU or the limits of the gain block the output, and otherwise propagated backwards through the
    squared weights.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration
    """

    def __init__(self, model: FloatModel, calibration: Calibration) -> None:
        self.model = model
        self.inputs = calibration.inputs(model.features)
        self.weight = frame_weight(self.inputs, model)
        self.outputs: list[Float32] = []
        x = self.inputs
        for weights, bias, relu in zip(model.weights, model.biases, model.relu, strict=True):
            self.outputs.append(x @ weights.T + bias)
            x = np.maximum(self.outputs[-1], 0) if relu else self.outputs[-1]
        self.target = head(self.outputs[-1], model)

    def sensitivities(self) -> list[Float32]:
        """Return each layer's sensitivity, float32 (frames, out)."""
        last = self.outputs[-1]
        seen = [(inside(last, self.model) * self.weight[:, None]).astype(np.float32)]
        for i in range(len(self.outputs) - 2, -1, -1):
            below: Float32 = seen[0] @ self.model.weights[i + 1] ** 2
            if self.model.relu[i]:
                below *= self.outputs[i] > 0
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
        x = self.outputs[i - 1]
        return np.maximum(x, 0) if self.model.relu[i - 1] else x

    def layer_error(self, i: int, inputs: Float32, sensitivity: Float32) -> LayerError:
        """Return the quadratic error of layer i for the given inputs, float32 (frames, in)."""
        values = self.model.weights[i].astype(np.float64)
        # All-zero biases stay zero: outputs of a network without biases scale with its inputs.
        biased = bool(self.model.biases[i].any())
        if biased:
            values = np.concatenate([values, self.model.biases[i][:, None]], axis=1)
        return layer_error(values, inputs, self.outputs[i], sensitivity, biased)

    def error(self, outputs: Float32) -> float:
        """Return the weighted mean squared error for given outputs of the last layer."""
        difference = head(outputs, self.model) - self.target
        return float(self.weight @ np.mean(difference**2, axis=1, dtype=np.float64)) / len(outputs)


def head(outputs: Float32, model: FloatModel) -> Float32:
    """Clip outputs of the last layer to the range of the gains or magnitudes they represent."""
    top = 1.0 if model.head == "gain" else None
    return np.clip(outputs, model.gain_floor if model.head == "gain" else 0, top)


def inside(outputs: Float32, model: FloatModel) -> npt.NDArray[np.bool_]:
    """Return True where `head` does not clip, so that its derivative is 1."""
    return np.asarray(head(outputs, model) == outputs)


def frame_weight(inputs: Float32, model: FloatModel) -> Float32:
    """Return the weight of each frame in the error, float32 (frames,), with a mean of 1.

    Errors of gains have equal weight in all frames. Errors of magnitudes are weighted by the
    inverse of the frame's energy; otherwise the loudest frames would dominate.
    """
    if model.head == "gain":
        return np.ones(len(inputs), np.float32)
    energy = np.mean(inputs**2, axis=1)
    weight = 1 / (energy + 1e-3 * energy.mean() + 1e-12)
    return np.asarray(weight / weight.mean(), np.float32)
