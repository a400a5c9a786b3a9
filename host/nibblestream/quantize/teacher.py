"""The float network on calibration frames: what each layer should give, and how much it matters."""

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
    network's own outputs (Gauss-Newton, without the terms between outputs): zero where a ReLU or
    the gain's limits hide it, else passed down through the squares of the weights.

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
        """Return what each layer's weights cost, for the float network's inputs."""
        seen = self.sensitivities()
        return [self.layer_error(i, self.before(i), seen[i]) for i in range(len(seen))]

    def before(self, i: int) -> Float32:
        """Return the inputs of layer i, float32 (frames, in)."""
        if i == 0:
            return self.inputs
        x = self.outputs[i - 1]
        return np.maximum(x, 0) if self.model.relu[i - 1] else x

    def layer_error(self, i: int, inputs: Float32, sensitivity: Float32) -> LayerError:
        """Return what the weights of layer i cost, for inputs of its own or others."""
        values = self.model.weights[i].astype(np.float64)
        # Zero biases stay zero: without any, a network scales with the level of its input.
        biased = bool(self.model.biases[i].any())
        if biased:
            values = np.concatenate([values, self.model.biases[i][:, None]], axis=1)
        return layer_error(values, inputs, self.outputs[i], sensitivity, biased)

    def error(self, outputs: Float32) -> float:
        """Return the weighted mean squared error of a network's last layer's outputs."""
        difference = head(outputs, self.model) - self.target
        return float(self.weight @ np.mean(difference**2, axis=1, dtype=np.float64)) / len(outputs)


def head(outputs: Float32, model: FloatModel) -> Float32:
    """Return the gains, or the magnitudes, that outputs of the last layer stand for."""
    top = 1.0 if model.head == "gain" else None
    return np.clip(outputs, model.gain_floor if model.head == "gain" else 0, top)


def inside(outputs: Float32, model: FloatModel) -> npt.NDArray[np.bool_]:
    """Return where `head` is not flat."""
    return np.asarray(head(outputs, model) == outputs)


def frame_weight(inputs: Float32, model: FloatModel) -> Float32:
    """Return how much each frame matters, float32 (frames,), 1 in the mean.

    Errors of gains count alike in all frames. Those of magnitudes count relative to the frame's
    level, or the loudest frames would be all that is heard of.
    """
    if model.head == "gain":
        return np.ones(len(inputs), np.float32)
    energy = np.mean(inputs**2, axis=1)
    weight = 1 / (energy + 1e-3 * energy.mean() + 1e-12)
    return np.asarray(weight / weight.mean(), np.float32)
