"""Sensitivities and gradients of the calibrated schemes against automatic differentiation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from networks import ACTIVATIONS, network, plain
from nibblestream.fixed import QFormat
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH, Activation, clip
from nibblestream.network.float_model import FloatModel
from nibblestream.network.scheme import Scheme
from nibblestream.quantize.calibrated import Student
from nibblestream.quantize.coded_layer import CodedLayer, Unit
from nibblestream.quantize.distil import _Tunable
from nibblestream.quantize.teacher import Teacher

pytestmark = pytest.mark.numeric
torch = pytest.importorskip("torch")


def applied(activation: Activation, x: Any) -> Any:
    """The activation by torch."""
    if activation.kind == "leaky":
        return torch.where(x < 0, x * activation.slope, x)
    if activation.kind in ("sigmoid", "tanh"):
        return getattr(torch, activation.kind)(x)
    low, high = {"linear": (-math.inf, math.inf), "relu": (0, math.inf)}.get(
        activation.kind, (activation.low, activation.high)
    )
    return torch.clamp(x, low, high)


def outputs(model: FloatModel, weights: Any, biases: Any, x: Any) -> tuple[list[Any], Any]:
    """The sums of all layers, and the network's outputs, by torch in float64."""
    sums = []
    for w, b, activation in zip(weights, biases, model.activations, strict=True):
        sums.append(x @ w.T + b)
        x = applied(activation, sums[-1])
    return sums, torch.clamp(x, *model.front.limits)


def tensors(arrays: Any) -> list[Any]:
    return [torch.tensor(np.asarray(array, np.float64)) for array in arrays]


ENDS = [LINEAR, RELU, SIGMOID, TANH, clip(-0.5, 0.5), ACTIVATIONS[5]]


@pytest.mark.parametrize("end", ENDS, ids=str)
@pytest.mark.parametrize("hidden", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("widths", [(4, 6, 5), (3, 1, 1, 1, 2)])
def test_sensitivities_are_squared_slopes_of_the_outputs(
    rng: np.random.Generator, widths: tuple[int, ...], hidden: Activation, end: Activation
) -> None:
    # Exact for two layers, and for chains of single units, where there are no cross terms.
    activations = (*[hidden] * (len(widths) - 2), end)
    model = plain(rng, widths, activations)
    x = rng.normal(0, 1, (30, widths[0])).astype(np.float32)
    parameters = map(tensors, (model.weights, model.biases))
    sums = [
        s.requires_grad_(True) for s in outputs(model, *parameters, torch.tensor(x).double())[0]
    ]
    for i, seen in enumerate(Teacher(model, [x]).sensitivities):
        rest = replace(
            model, weights=model.weights[i:], biases=model.biases[i:],
            activations=model.activations[i:],
        )  # fmt: skip
        expected = torch.zeros_like(sums[i])
        for j in range(widths[-1]):
            y = _after(rest, sums[i])[:, j].sum()
            expected += torch.autograd.grad(y, sums[i])[0] ** 2
        np.testing.assert_allclose(seen, expected.numpy(), rtol=1e-3, atol=1e-6)


def _after(model: FloatModel, first: Any) -> Any:
    """The outputs from the first layer's sums."""
    x = applied(model.activations[0], first)
    weights, biases = tensors(model.weights[1:]), tensors(model.biases[1:])
    for w, b, activation in zip(weights, biases, model.activations[1:], strict=True):
        x = applied(activation, x @ w.T + b)
    return torch.clamp(x, *model.front.limits)


def quantized(model: FloatModel, x: np.ndarray) -> tuple[list[CodedLayer], Teacher]:
    """Coded layers, with biases so fine that no sum is exactly at a corner of its activation."""
    student = Student(model, [x])
    coded = []
    for _ in model.weights:
        coded.append(student.encode(Scheme("gptq", 3), Unit(6, 2, QFormat(16, 14))))
        student.append(coded[-1])
    return coded, student.teacher


@pytest.mark.parametrize("end", ENDS, ids=str)
@pytest.mark.parametrize("hidden", ACTIVATIONS, ids=str)
def test_gradients_of_tables_and_biases(
    rng: np.random.Generator, hidden: Activation, end: Activation
) -> None:
    model = plain(rng, (4, 6, 7, 5), (hidden, hidden, end))
    x = rng.normal(0, 1, (64, 4)).astype(np.float32)
    coded, teacher = quantized(model, x)
    check(coded, teacher, _Tunable(coded, teacher, [0, 1, 2]), x)


def test_gradients_through_the_limits_of_gains(rng: np.random.Generator) -> None:
    from nibblestream.quantize import Calibration

    model = network(hidden=(5,))
    calibration = Calibration([rng.normal(0, 0.05, 20_000)], frames=256)
    student = Student(model, calibration)
    coded = []
    for _ in model.weights:
        coded.append(student.encode(Scheme("gptq", 4), Unit(6)))
        student.append(coded[-1])
    teacher = student.teacher
    check(coded, teacher, _Tunable(coded, teacher, [0, 1]), teacher.inputs)


def check(coded: list[CodedLayer], teacher: Teacher, tunable: _Tunable, x: np.ndarray) -> None:
    tables = tensors([c.lut.values * 2.0**c.exponent for c in coded if c.lut is not None])
    biases = tensors([layer.biases for layer in coded])
    every = [
        value.requires_grad_(True) for pair in zip(tables, biases, strict=True) for value in pair
    ]
    weights = [
        table[torch.tensor(layer.codes.astype(np.int64))]
        for table, layer in zip(tables, coded, strict=True)
    ]
    _, y = outputs(teacher.model, weights, biases, torch.tensor(x).double())
    difference = y - torch.tensor(teacher.target).double()
    loss = (torch.tensor(teacher.weight).double()[:, None] * difference**2).sum() / 2
    expected = torch.autograd.grad(loss, every)
    found = tunable._gradients(np.arange(len(x)))
    for ours, theirs in zip(found, expected, strict=True):
        scale = max(1e-3, float(theirs.abs().max()))
        assert np.abs(ours - theirs.numpy()).max() < 1e-3 * scale
    assert any(float(theirs.abs().max()) > 1e-3 for theirs in expected)
