"""Error at a network's output when a single layer is quantized and the others are float."""

from __future__ import annotations

import numpy as np

from .. import spec
from ..network.float_model import FloatModel
from ..network.formats import bias_format, layer_exponent
from ..network.scheme import Scheme
from .calibrated import encode
from .coded_layer import Unit
from .data import Data
from .passes import run
from .teacher import Teacher
from .weights import LARGEST_SHIFT, quantize_weights


class Sensitivity:
    """Output errors of a network with one quantized layer, by layer and scheme.

    Parameters
    ----------
    model : FloatModel
    calibration : Calibration or list of float32 (n, inputs)
    """

    def __init__(self, model: FloatModel, calibration: Data) -> None:
        self._teacher = Teacher(model, calibration)
        self._errors = self._teacher.errors()

    def error(self, i: int, scheme: Scheme) -> float:
        """Return the mean squared error of the output when only layer i is quantized."""
        model = self._teacher.model
        unit = _unit(model, i)
        if scheme.calibrated:
            coded = encode(self._errors[i], scheme, unit)
            weights, bias = coded.weights, coded.biases
        else:
            done = quantize_weights(np.ldexp(model.weights[i], -unit.exponent), scheme)
            weights, bias = np.ldexp(done.weights, unit.exponent), model.biases[i].astype(float)
        layers, sequences = self._teacher.layers, self._teacher.sequences
        changed = (weights, bias, model.activations[i])
        passes = run([changed, *layers[i + 1 :]], self._teacher.passes[i].inputs, sequences)
        return self._teacher.error(passes[-1].outputs)


def _unit(model: FloatModel, i: int) -> Unit:
    """Return the limits of layer i's codes, without those of the accumulator."""
    if not model.scaled:
        return Unit(LARGEST_SHIFT)
    exponent = layer_exponent(model.weights[i])
    largest = float(np.abs(model.biases[i]).max())
    return Unit(LARGEST_SHIFT, exponent, bias_format(largest, spec.ACTIVATION_BITS))
