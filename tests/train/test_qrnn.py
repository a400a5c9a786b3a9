"""Layers with memory: against a loop over single numbers, gradients, causality."""

import math

import numpy as np
import pytest
import torch

from nibblestream.train.memory import WithMemory
from nibblestream.train.module import LIMIT
from nibblestream.train.qrnn import MemoryNetwork, Qrnn, _Limited, _Memory
from nibblestream.train.recipe import MemoryRecipe

pytestmark = pytest.mark.numeric


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def literal(layer: Qrnn, x: np.ndarray) -> np.ndarray:
    """One clip, (frames, inputs) -> (frames, outputs), one number at a time."""
    weight = layer.linear.weight.detach().double().numpy()
    bias = layer.linear.bias.detach().double().numpy()
    units = len(bias) // 3
    h, y = [0.0] * units, np.empty((len(x), units))
    for t, frame in enumerate(x):
        for i in range(units):
            z, c, o = (bias[k] + sum(weight[k] * frame) for k in (i, units + i, 2 * units + i))
            h[i] += sigmoid(4 * z) * (math.tanh(c) - h[i])
            y[t, i] = sigmoid(o) * h[i]
    return y


def test_a_layer_is_what_its_equations_say(rng):
    torch.manual_seed(0)
    layer, x = Qrnn.random(5, 3), rng.normal(0, 2, (20, 2, 5))
    with torch.no_grad():
        found = layer(torch.tensor(x, dtype=torch.float32)).numpy()
    for clip in range(2):
        np.testing.assert_allclose(found[:, clip], literal(layer, x[:, clip]), atol=1e-5)
    assert np.abs(found).max() < 1


def test_the_gradient_of_the_memory_is_its_derivative(rng):
    f, c = (torch.tensor(rng.uniform(0.05, 0.95, (6, 2, 3)), requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(_Memory.apply, (f, c))


def test_gains_depend_on_no_later_frame(rng):
    torch.manual_seed(1)
    network = MemoryNetwork.random(8, 2, 0.1)
    features = torch.tensor(rng.uniform(-1, 1, (30, 1, 129)), dtype=torch.float32)
    other = features.clone()
    other[20:] *= -1
    with torch.no_grad():
        a, b = network(features), network(other)
    assert torch.equal(a[:20], b[:20])
    assert not torch.equal(a[20], b[20])
    assert a.shape == features.shape
    assert a.min() >= 0.1
    assert a.max() <= 1


def test_a_limit_lets_only_gradients_through_that_lead_back():
    x = torch.tensor([-1.0, -1.0, 0.5, 2.0, 2.0], requires_grad=True)
    y = _Limited.apply(x, 0.1, 1.0)
    assert y.tolist() == pytest.approx([0.1, 0.1, 0.5, 1, 1])
    y.backward(torch.tensor([3.0, -3.0, 3.0, 3.0, -3.0]))  # descent goes against it
    assert x.grad.tolist() == [0, -3, 3, 3, 0]


def test_weights_are_clamped():
    network = MemoryNetwork.random(160, 3, 0.05)
    with torch.no_grad():
        network.first.weight.fill_(-7.0)
    network.clamp()
    assert network.first.weight.unique().tolist() == [-LIMIT]


def test_the_model_computes_what_was_trained(rng):
    trainee = WithMemory(MemoryRecipe(width=6, depth=2, seed=3), "six")
    with torch.no_grad():
        for parameter in trainee.network.parameters():  # no two rows alike
            parameter.uniform_(-0.9, 0.9)
    model = trainee.model({"weights": trainee.network.state_dict(), "step": 1}, final=True)
    features = rng.uniform(-1, 1, (40, 129)).astype(np.float32)
    with torch.no_grad():
        expected = trainee.network(torch.from_numpy(features)[:, None])[:, 0].numpy()
    found = np.clip(model(features), *model.front.limits)
    assert np.mean((expected > 0.05) & (expected < 1)) > 0.2
    np.testing.assert_allclose(found, expected, atol=1e-5)
