"""Distillation: tune tables and biases on the outputs of the float network, with fixed codes.

Hinton, Vinyals and Dean, *Distilling the knowledge in a neural network*, 2015,
https://arxiv.org/abs/1503.02531, by Adam (Kingma and Ba, 2014, https://arxiv.org/abs/1412.6980).
Every step evaluates values rounded to their grids and passes gradients straight through the
rounding, so no final rounding adds error. The best values found are kept, so the error never grows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.lut import Lut
from .coded_layer import CodedLayer
from .levels import lut_at
from .passes import Layer, run, slopes
from .teacher import Teacher

Float = npt.NDArray[np.float64]

STEPS = 80
LOOK = 20  # steps between evaluations on all rows
BATCH = 1024  # rows, in whole sequences
RATE = 0.5  # learning rate in grid steps, falling linearly to zero
BETAS = (0.9, 0.99)


def distil(coded: list[CodedLayer], teacher: Teacher, tuned: list[int]) -> list[CodedLayer]:
    """Return the layers with improved tables and biases in those listed in `tuned`.

    Parameters
    ----------
    coded : list of CodedLayer
        The whole network.
    teacher : Teacher
    tuned : list of int
        Indices of the layers that may change; each has a table.

    Returns
    -------
    list of CodedLayer
        With the same codes and shifts, and no larger `network_error`.
    """
    network = _Tunable(coded, teacher, tuned)
    best, least = coded, network_error(coded, teacher)
    order = np.random.default_rng(0).permutation(len(teacher.sequences))
    batch = -(-min(BATCH, len(teacher.inputs)) * len(order) // len(teacher.inputs))
    for step in range(1, STEPS + 1):
        picked = np.take(order, np.arange((step - 1) * batch, step * batch), mode="wrap")
        network.step(picked, step, RATE * (1 - (step - 1) / STEPS))
        if step % LOOK == 0:
            found = network.coded()
            error = network_error(found, teacher)
            if error < least:
                best, least = found, error
    return best


def network_error(coded: list[CodedLayer], teacher: Teacher) -> float:
    """Return the mean squared error of the network's outputs on all rows."""
    passes = run(_layers(coded, teacher), teacher.inputs, teacher.sequences)
    return teacher.error(passes[-1].outputs)


def _layers(coded: list[CodedLayer], teacher: Teacher) -> list[Layer]:
    cells = teacher.model.activations
    return [layer.layer(cell) for layer, cell in zip(coded, cells, strict=True)]


class _Tunable:
    """Table values and biases as floats for Adam, rounded to their grids when evaluated."""

    def __init__(self, coded: list[CodedLayer], teacher: Teacher, tuned: list[int]) -> None:
        self._coded, self._teacher, self._tuned = coded, teacher, tuned
        self._floats: list[Float] = []
        for i in tuned:
            lut = _table(coded[i])
            self._floats.append(lut.values * 2.0 ** coded[i].exponent)
            self._floats.append(coded[i].biases)
        self._mean = [np.zeros_like(value) for value in self._floats]
        self._square = [np.zeros_like(value) for value in self._floats]

    def coded(self) -> list[CodedLayer]:
        """Return the layers with the current values rounded to their grids."""
        layers = list(self._coded)
        for n, i in enumerate(self._tuned):
            values, bias = self._floats[2 * n : 2 * n + 2]
            layer = self._coded[i]
            table = _in_order_of(values * 2.0**-layer.exponent, _table(layer))
            layers[i] = replace(layer, lut=table, bias=layer.bias_format.from_float(bias))
        return layers

    def step(self, picked: npt.NDArray[np.intp], step: int, rate: float) -> None:
        """Take one Adam step on a batch of sequences."""
        for n, gradient in enumerate(self._gradients(picked)):
            layer = self._coded[self._tuned[n // 2]]
            unit = _bias_step(layer) if n % 2 else _table_step(layer)
            mean, square = self._mean[n], self._square[n]
            mean += (1 - BETAS[0]) * (gradient - mean)
            square += (1 - BETAS[1]) * (gradient**2 - square)
            slope = mean / (1 - BETAS[0] ** step)
            size = np.sqrt(square / (1 - BETAS[1] ** step)) + 1e-12
            self._floats[n] = self._floats[n] - rate * unit * slope / size

    def _gradients(self, picked: npt.NDArray[np.intp]) -> list[Float]:
        """Return the gradients of half the error of some sequences, in the order of `_floats`."""
        teacher, coded, limits = self._teacher, self.coded(), self._teacher.model.front.limits
        rows, sequences = teacher.sequences.only(picked)
        layers = [(w.astype(np.float32), b, cell) for w, b, cell in _layers(coded, teacher)]
        passes = run(layers, teacher.inputs[rows], sequences)
        slope = np.clip(passes[-1].outputs, *limits) - teacher.target[rows]
        slope *= teacher.weight[rows, None]
        every = slopes(layers, passes, slope, sequences, limits)
        found = []
        for i in self._tuned:
            weights = (every[i].T @ passes[i].factors).ravel()
            size = len(_table(coded[i]).mantissa)
            table = np.asarray(np.bincount(coded[i].codes.ravel(), weights, size), np.float64)
            moves = bool(teacher.model.biases[i].any())
            found += [table, every[i].sum(axis=0, dtype=np.float64) * moves]
        return found


def _table(layer: CodedLayer) -> Lut:
    assert layer.lut is not None
    return layer.lut


def _table_step(layer: CodedLayer) -> float:
    """Return the finest step of a table's values."""
    lut = _table(layer)
    return 2.0 ** (layer.exponent - (lut.m - 1 + lut.k))


def _bias_step(layer: CodedLayer) -> float:
    """Return the step of biases if they had 8 bits; finer ones would hardly move in a few steps."""
    word = layer.bias_format
    return word.resolution * 2.0 ** (word.bits - spec.BIAS.bits)


def _in_order_of(values: Float, lut: Lut) -> Lut:
    """Round values to the grid of `lut`; the value of each code keeps its code."""
    table = lut_at(values, lut.m, lut.k)
    rank = np.argsort(np.argsort(values, kind="stable"))
    return Lut(table.mantissa[rank], table.internal[rank], lut.m, lut.k)
