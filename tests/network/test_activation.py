"""Activation functions of floats, their parameters, and what they refuse."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from networks import ACTIVATIONS
from nibblestream.network.activation import (
    LINEAR,
    RELU,
    SIGMOID,
    TANH,
    Activation,
    clip,
    leaky,
)
from nibblestream.network.memory import read_cell

pytestmark = pytest.mark.numeric

torch = pytest.importorskip("torch")
THEIRS: dict[Activation, Any] = {
    LINEAR: lambda x: x * 1,
    RELU: torch.relu,
    clip(0, 6): torch.nn.functional.relu6,
    clip(-1, 1): torch.nn.functional.hardtanh,
    clip(-math.inf, 3): lambda x: torch.clamp(x, max=3),
    leaky(1 / 128): lambda x: torch.nn.functional.leaky_relu(x, 1 / 128),
    leaky(0.5): lambda x: torch.nn.functional.leaky_relu(x, 0.5),
    SIGMOID: torch.sigmoid,
    TANH: torch.tanh,
}


def test_all_activations_are_compared() -> None:
    assert {*ACTIVATIONS} == {*THEIRS}


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_and_derivatives_are_those_of_torch(
    rng: np.random.Generator, activation: Activation, dtype: Any
) -> None:
    x = np.concatenate([rng.normal(0, 4, 500), [-900, -3.5, 3.5, 900]]).astype(dtype)
    theirs = torch.tensor(x, requires_grad=True)
    y = THEIRS[activation](theirs)
    y.sum().backward()
    ours, slope = activation(x), activation.derivative(x)
    assert ours.dtype == slope.dtype == dtype
    close = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(ours, y.detach().numpy(), atol=close)
    np.testing.assert_allclose(slope, theirs.grad.numpy(), atol=close)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_reach_is_the_largest_magnitude(activation: Activation) -> None:
    bounds = np.array([0.0, 0.3, 2.0, 5.0, 40.0])
    every = [np.abs(activation(np.linspace(-b, b, 4001))).max() for b in bounds]
    np.testing.assert_allclose(activation.reach(bounds), every, rtol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_homogeneous_ones_pass_factors(rng: np.random.Generator, activation: Activation) -> None:
    x = rng.normal(0, 4, 100)
    passes = [np.allclose(activation(c * x), c * activation(x)) for c in (0.25, 3.0)]
    assert all(passes) == any(passes) == activation.homogeneous


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_entries_come_back_through_json(activation: Activation) -> None:
    text = json.dumps(activation.entry(), allow_nan=False)
    assert read_cell(json.loads(text)) == activation


def test_a_clip_without_limits_is_something_simpler() -> None:
    assert clip(0, math.inf) == RELU
    assert clip(-math.inf, math.inf) == LINEAR
    assert str(clip(0, 6)) == "clip to 0 and 6"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "swish"}, "activation is 'swish'; expected one of linear, relu"),
        ({"kind": "relu", "high": 6}, "expected limits for a clip, and for nothing else"),
        ({"kind": "clip"}, "expected limits for a clip"),
        ({"kind": "clip", "low": 1, "high": 1}, "keeps 1 to 1; expected low below high"),
        ({"kind": "clip", "low": 2, "high": -2}, "keeps 2 to -2"),
        ({"kind": "clip", "low": math.nan, "high": 2}, "keeps nan to 2"),
        ({"kind": "leaky"}, "expected a slope for a leaky ReLU"),
        ({"kind": "tanh", "slope": 0.5}, "expected a slope for a leaky ReLU, and nothing else"),
        ({"kind": "leaky", "slope": 0.01}, "slope 0.01; expected a power of two from 2..-15"),
        ({"kind": "leaky", "slope": -0.5}, "slope -0.5; expected a power of two"),
        ({"kind": "leaky", "slope": 1.0}, "slope 1; expected"),
        ({"kind": "leaky", "slope": 2.0**-16}, "expected a power of two"),
        ({"kind": "leaky", "slope": math.nan}, "slope nan; expected a power of two"),
        ({"kind": "leaky", "slope": math.inf}, "slope inf; expected a power of two"),
    ],
)
def test_wrong_parameters_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Activation(**arguments)


@pytest.mark.parametrize("shift", range(1, 16))
def test_every_slope_has_its_shift(shift: int) -> None:
    assert leaky(2.0**-shift).leak == shift
