"""Affine values against the same operations on numbers."""

from __future__ import annotations

import numpy as np
import pytest

from nibblestream.importing.affine import Affine
from nibblestream.importing.chain import Chain
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, clip

pytestmark = pytest.mark.numeric

WAYS = {
    "add": lambda x, c: x + c[:4],
    "add first": lambda x, c: c[:4] + x,
    "add more dimensions": lambda x, c: x + c.reshape(2, 1, 4)[:, :, :4],
    "subtract": lambda x, c: x - c[0],
    "subtract from": lambda x, c: c[:4] - x,
    "multiply": lambda x, c: x * c[:4],
    "multiply first": lambda x, c: c[:4] * x,
    "multiply into more": lambda x, c: x * c.reshape(2, 4, 1)[:, :1],
    "divide": lambda x, c: x / (2 + c[:4]),
    "negate": lambda x, c: -x,
    "sum": lambda x, c: x + x * c[:4] + (-x),
    "matrix": lambda x, c: x @ c.reshape(4, 2),
    "vector": lambda x, c: x @ c[:4],
    "matrices": lambda x, c: x @ np.stack([c.reshape(4, 2)] * 3),
    "matrix first": lambda x, c: c[:6].reshape(2, 3) @ x,
    "matrices first": lambda x, c: np.stack([c[:6].reshape(2, 3)] * 2) @ x,
}


@pytest.mark.parametrize("way", WAYS)
def test_operations_on_values_are_those_on_numbers(rng, way):
    constants = rng.normal(0, 1, 8)
    value = WAYS[way](Affine.inputs(0, (3, 4)) * 2 + 1, constants)
    for _ in range(3):
        x = rng.normal(0, 1, (3, 4))
        expected = WAYS[way](x * 2 + 1, constants)
        assert value.shape == expected.shape
        found = value.weights @ x.ravel() + value.offset.ravel()
        np.testing.assert_allclose(found, expected.ravel(), atol=1e-12)


@pytest.mark.parametrize("way", [lambda x, m: x @ m, lambda x, m: m.T @ x])
def test_a_single_row_without_a_batch(rng, way):
    matrix, x = rng.normal(0, 1, (5, 2)), rng.normal(0, 1, 5)
    value = way(Affine.inputs(0, (5,)) + 1, matrix)
    np.testing.assert_allclose(value.weights @ x + value.offset, way(x + 1, matrix))


def test_moved_elements(rng):
    x = rng.normal(0, 1, (3, 4))
    value = Affine.inputs(0, x.shape) * np.arange(4)
    moved = value.moved(value.positions().T[1:, ::2])
    found = moved.weights @ x.ravel() + moved.offset.ravel()
    np.testing.assert_array_equal(found, (x * np.arange(4)).T[1:, ::2].ravel())


@pytest.mark.parametrize(
    ("way", "message"),
    [
        (lambda x: x * x, "multiplies two computed values"),
        (lambda x: x @ x, "multiplies two computed values"),
        (lambda x: 1 / x, "divides by a computed value"),
        (lambda x: x + np.inf, "holds NaN or infinity"),
        (lambda x: x + Affine.inputs(1, (2, 2)), "before and after an activation; .* residual"),
    ],
)
def test_what_no_layer_computes(way, message):
    with pytest.raises(ValueError, match=message):
        way(Affine.inputs(0, (2, 2)))


def test_values_from_before_an_activation_are_refused():
    chain = Chain()
    x = chain.start((1, 3))
    chain.clip(x * 2, 0)
    for stale in (chain.finish, lambda value: chain.activate(value, RELU)):
        with pytest.raises(ValueError, match="takes values from before the last activation"):
            stale(x)


def two(first, factor, offset, second):
    """Layers of a network that scales by 1.5, then applies two activations."""
    chain = Chain()
    x = chain.activate(chain.start((1, 2)) * 1.5, first)
    return chain.finish(chain.activate(x * factor + offset, second))


@pytest.mark.parametrize(
    ("first", "factor", "offset", "second", "merged"),
    [
        (RELU, 2.0, 0.0, LINEAR, RELU),
        (RELU, 2.0, 1.0, LINEAR, clip(1, np.inf)),
        (RELU, 0.5, 0.0, clip(-1, 3), clip(0, 3)),
        (clip(-1, 1), 0.5, 0.5, clip(0.25, 2), clip(0.25, 1)),
        (SIGMOID, 1.0, 0.0, clip(0, 1), SIGMOID),
        (SIGMOID, 1.0, 0.0, RELU, SIGMOID),
        (SIGMOID, 1.0, 0.0, clip(0, 0.5), None),
        (SIGMOID, 2.0, 0.0, LINEAR, None),
        (RELU, -1.0, 0.0, RELU, None),
        (RELU, 1.0, np.array([0.0, 1.0]), LINEAR, None),
        (RELU, np.array([1.0, 2.0]), 0.0, LINEAR, None),
        (clip(0, 1), 1.0, 0.0, clip(2, 3), None),
        (RELU, 1.0, 0.0, SIGMOID, None),
    ],
)
def test_scales_and_clips_are_merged_where_that_is_the_same(
    rng, first, factor, offset, second, merged
):
    layers = two(first, factor, offset, second)
    assert [layer.activation for layer in layers] == ([merged] if merged else [first, second])
    x = rng.normal(0, 3, (50, 2))
    found = x
    for layer in layers:
        found = layer.activation(found @ layer.weights.T + layer.bias)
    np.testing.assert_allclose(found, second(first(x * 1.5) * factor + offset), atol=1e-12)
