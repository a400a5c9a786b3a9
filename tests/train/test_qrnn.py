"""Layers with memory: against a loop over single numbers, gradients, causality."""

import math

import numpy as np
import pytest
import torch

from nibblestream.train.module import LIMIT
from nibblestream.train.qrnn import MemoryNetwork, Qrnn, _Memory, between

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
    layer, x = Qrnn(5, 3), rng.normal(0, 2, (20, 2, 5))
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
    network = MemoryNetwork(8, 2, 3, 2, 0.1)
    features = torch.tensor(rng.uniform(-1, 1, (30, 1, 129)), dtype=torch.float32)
    other = features.clone()
    other[20:, :, ::2] *= -1
    with torch.no_grad():
        a, b = network(features), network(other)
    assert torch.equal(a[:20], b[:20])
    assert not torch.equal(a[20], b[20])
    assert a.shape == features.shape
    assert a.min() >= 0.1
    assert a.max() <= 1


def test_look_back_puts_the_oldest_frame_first(rng):
    network = MemoryNetwork(1, 1, 2, 1, 0.0)
    with torch.no_grad():
        network.first.weight.zero_()
        network.first.bias.zero_()
        network.first.weight[0, 7] = 0.5  # bin 7 of the frame before
        network.memory[0].register_forward_hook(lambda *call: seen.append(call[1][0]))
        seen: list[torch.Tensor] = []
        features = torch.tensor(rng.uniform(0, 1, (4, 1, 129)), dtype=torch.float32)
        network(features)
    expected = torch.cat([torch.zeros(1), features[:-1, 0, 7] * 4 * 0.5])
    torch.testing.assert_close(seen[0][:, 0, 0], expected)


def test_gains_between_bins_are_means():
    gains = torch.tensor([[0.0, 1.0, 0.5]])
    assert between(gains).tolist() == [[0.0, 0.5, 1.0, 0.75, 0.5]]


def test_weights_are_counted_and_clamped():
    network = MemoryNetwork(160, 3, 1, 1, 0.05)
    assert network.weights == 2 * 129 * 160 + 3 * 3 * 160 * 160 <= 297_000
    with torch.no_grad():
        network.first.weight.fill_(-7.0)
    network.clamp()
    assert network.first.weight.unique().tolist() == [-LIMIT]
