"""Scaling of units by powers of two: the same outputs, and no unit that widens its layer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream.importing.chain import Layer
from nibblestream.importing.equalise import equalise
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, clip, leaky
from nibblestream.network.float_model import FloatModel
from nibblestream.network.memory import MEMORY
from nibblestream.network.recurrent import RECURRENT

pytestmark = pytest.mark.numeric

SPREAD = [0.0, 1e-6, 1.0, 1.0, 1.0, 100.0]
ACTIVATION = st.sampled_from([RELU, RELU, leaky(0.25), SIGMOID, clip(0, 2)])


def layers(rng, activations, spread=lambda: 1.0, width=8):
    """Layers whose units, biases and columns have a factor of their own each."""
    factors = [np.array([spread() for _ in range(width)]) for _ in range(3 * len(activations))]
    return [
        Layer(
            rng.normal(0, 0.3, (width, width)) * factors[3 * i][:, None] * factors[3 * i + 1],
            rng.normal(0, 0.3, width) * factors[3 * i + 2],
            activation,
        )
        for i, activation in enumerate(activations)
    ]


def outputs(network, x):
    for layer in network:
        x = layer.activation(x @ layer.weights.T + layer.bias)
    return x


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIVATION, min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_outputs_stay_the_same(activations, seed):
    rng = np.random.default_rng(seed)
    before = layers(rng, [*activations, LINEAR], lambda: rng.choice(SPREAD))
    after = equalise(before)
    x = rng.normal(0, 2, (20, 8))
    expected = outputs(before, x)
    scale = 1e-12 * (1 + np.abs(expected).max())
    np.testing.assert_allclose(outputs(after, x), expected, rtol=1e-9, atol=scale)
    for old, new in zip(before, after, strict=True):
        assert np.isfinite(new.weights).all()
        mantissas = np.frexp(new.weights)[0]
        assert np.isin(mantissas, [*np.frexp(old.weights)[0].ravel(), 0.0]).all()


def test_usual_layers_are_left_alone(rng):
    before = layers(rng, [RELU, leaky(0.5), LINEAR], width=32)
    before[1] = Layer(before[1].weights * 1000, before[1].bias, before[1].activation)
    for old, new in zip(before, equalise(before), strict=True):
        np.testing.assert_array_equal(old.weights, new.weights)
        np.testing.assert_array_equal(old.bias, new.bias)


@pytest.mark.parametrize(("factor", "exponent"), [(3.9, 0), (4, -1), (15, -1), (16, -2), (0.01, 0)])
def test_units_that_differ_by_4_or_more_are_scaled(factor, exponent):
    before = [Layer(np.ones((5, 5)), np.zeros(5), a) for a in (RELU, LINEAR)]
    before[0].weights[3] = factor
    first, second = equalise(before)
    np.testing.assert_array_equal(first.weights[3], np.full(5, factor * 2.0**exponent))
    np.testing.assert_array_equal(second.weights[:, 3], np.full(5, 2.0**-exponent))
    np.testing.assert_array_equal(np.delete(first.weights, 3, 0), 1)


def test_a_weight_of_100_is_shared_among_layers(rng):
    before = layers(rng, [RELU, RELU, LINEAR], width=32)
    before[1].weights[3, 5] = 100
    after = equalise(before)
    assert max(np.abs(layer.weights).max() for layer in after) < 8


def test_a_channel_with_a_large_bias_is_scaled(rng):
    before = layers(rng, [RELU, LINEAR], width=32)
    before[0].weights[3] *= 1e-3
    before[0].bias[3] = 45
    assert np.abs(equalise(before)[0].bias).max() < 12


@pytest.mark.parametrize("activation", [RELU, SIGMOID])
def test_units_without_inputs_or_successors_are_folded(rng, activation):
    before = layers(rng, [activation, LINEAR])
    before[0].weights[2] = 0
    before[0].bias[2] = 1e6
    before[1].weights[:, 4] = 0
    before[0].weights[4] = 1e6
    after = equalise(before)
    for unit in (2, 4):
        assert not after[0].weights[unit].any()
        assert after[0].bias[unit] == 0
        assert not after[1].weights[:, unit].any()
    x = rng.normal(0, 1, (9, 8))
    np.testing.assert_allclose(outputs(after, x), outputs(before, x), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(
        after[1].bias, before[1].bias + before[1].weights[:, 2] * activation(before[0].bias[2:3])
    )


def with_memory(rng, cells, shapes):
    """Layers with one unit that is far too large, one that is constant, and one not used."""
    found = []
    for cell, shape in zip(cells, shapes, strict=True):
        weights, bias = rng.normal(0, 0.3, shape), rng.normal(0, 0.3, shape[0])
        weights[1], weights[2], weights[:, 0] = 100 * weights[1], 0, 0
        found.append(Layer(weights, bias, cell))
    return found


def of_a_sequence(network, x):
    """Outputs of layers with memory for the rows of a sequence."""
    return FloatModel(
        "net",
        tuple(layer.weights for layer in network),
        tuple(layer.bias for layer in network),
        activations=tuple(layer.activation for layer in network),
    )(x)


MEMORIES = {  # layers with memory in the middle of a network, and the shapes of their weights
    "a GRU": ((LINEAR, RECURRENT), ((12, 8), (12, 4))),
    "a GRU of positive sums": ((RELU, RECURRENT), ((12, 8), (12, 4))),
    "a QRNN": ((MEMORY,), ((12, 8),)),
}


@pytest.mark.parametrize("memory", MEMORIES)
def test_what_layers_with_memory_take_and_give_keeps_its_scale(rng, memory):
    cells, shapes = MEMORIES[memory]
    before = with_memory(rng, (RELU, *cells, RELU, LINEAR), ((8, 8), *shapes, (8, 4), (8, 8)))
    after = equalise(before)
    x = rng.normal(0, 1, (20, 8))
    expected = of_a_sequence(before, x)
    scale = 1e-6 * np.abs(expected).max()
    np.testing.assert_allclose(of_a_sequence(after, x), expected, rtol=1e-5, atol=scale)
    for layer in (after[0], after[-2]):  # others are scaled
        assert np.abs(layer.weights[1]).max() < 25
