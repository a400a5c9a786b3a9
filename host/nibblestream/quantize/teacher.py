"""The float network on calibration rows: target outputs and sensitivities of its layers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from .data import Data, rows
from .objective import LayerError, layer_error
from .passes import run, slopes

Float = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]

SIGNED = 8192  # fewest rows of random signs for `Teacher.couplings`
DAMPING = 0.01  # times the mean diagonal of a coupling, added to its diagonal


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

    @cached_property
    def sensitivities(self) -> list[Float32]:
        """Return each layer's sensitivity, float32 (rows, out)."""
        weight, limits = self.weight[:, None], self.model.front.limits
        return slopes(self.layers, self.passes, weight, self.sequences, limits, power=2)

    @cached_property
    def couplings(self) -> list[Float | None]:
        """Mean products of the effects of each layer's outputs, float64 (out, out), or None.

        Outputs of the last layer do not interact. Effects are derivatives of the network's outputs;
        their products, summed over all of those, are estimated by slopes of sums of outputs with
        random signs (Hutchinson, 1990).
        """
        weight, limits = np.sqrt(self.weight)[:, None], self.model.front.limits
        rng = np.random.default_rng(0)
        found = [np.zeros((done.sums.shape[1],) * 2) for done in self.passes[:-1]]
        probes = -(-SIGNED // len(self.target))
        for _ in range(probes):
            signs = rng.choice(np.array([-1, 1], np.float32), self.target.shape)
            every = slopes(self.layers, self.passes, weight * signs, self.sequences, limits)
            for products, slope in zip(found, every, strict=False):
                products += slope.T @ slope / (probes * len(signs))
        return [*map(_damped, found), None]

    def errors(self) -> list[LayerError]:
        """Return the quadratic error of each layer in the float network."""
        return [self.layer_error(i, done.factors) for i, done in enumerate(self.passes)]

    def layer_error(self, i: int, factors: Float32) -> LayerError:
        """Return the quadratic error of layer i if its matrix multiplies `factors` (rows, in)."""
        values = self.model.weights[i].astype(np.float64)
        # All-zero biases stay zero: outputs of a network without biases scale with its inputs.
        biased = bool(self.model.biases[i].any())
        if biased:
            values = np.concatenate([values, self.model.biases[i][:, None]], axis=1)
        sums, sensitivity, coupling = self.passes[i].sums, self.sensitivities[i], self.couplings[i]
        return layer_error(values, factors, sums, sensitivity, coupling, biased)

    def error(self, outputs: npt.NDArray[np.floating[Any]]) -> float:
        """Return the weighted mean squared error of outputs of the network, within its limits."""
        limited = np.clip(outputs, *self.model.front.limits)
        squares = np.mean(np.square(limited - self.target, dtype=np.float64), axis=1)
        return float(self.weight @ squares) / len(outputs)


def _damped(products: Float) -> Float:
    mean = float(np.trace(products)) / len(products)
    return products + (DAMPING * mean or 1e-12) * np.eye(len(products))
