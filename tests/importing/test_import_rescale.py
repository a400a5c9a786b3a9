"""Powers of two that bring weights within +-1, against a search through all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream.importing.chain import Linear
from nibblestream.importing.rescale import rescale

pytestmark = pytest.mark.numeric

REACH = st.floats(2.0**-4, 2.0**4) | st.sampled_from([0.0, 0.5, 1.0, 2.0])
LAYERS = st.lists(st.tuples(REACH, REACH), min_size=1, max_size=3)


def chain(reaches: list[tuple[float, float]]) -> list[Linear]:
    return [
        Linear(f"layer {i}", np.full((1, 1), -weight), np.full(1, bias))
        for i, (weight, bias) in enumerate(reaches)
    ]


def possible(reaches: list[tuple[float, float]]) -> bool:
    """Try all factors from 2**-12 to 2**12 for the products so far, the last being one."""
    for inner in product(range(-12, 13), repeat=len(reaches) - 1):
        products = [0, *inner, 0]
        if all(
            weight * 2.0 ** (products[i + 1] - products[i]) < 1
            and bias * 2.0 ** products[i + 1] < 1
            for i, (weight, bias) in enumerate(reaches)
        ):
            return True
    return False


@settings(max_examples=100, deadline=None)
@given(LAYERS)
def test_all_layers_fit_if_any_factors_make_them(reaches):
    layers = chain(reaches)
    if not possible(reaches):
        with pytest.raises(ValueError, match="a factor of"):
            rescale(layers)
        return
    x = y = 0.75
    for old, new in zip(layers, rescale(layers), strict=True):
        assert max(np.abs(new.weights).max(), np.abs(new.bias).max()) < 1
        assert (np.frexp(new.weights)[0] == np.frexp(old.weights)[0]).all()
        x, y = (
            float(max(layer.weights[0, 0] * z + layer.bias[0], 0))
            for layer, z in ((old, x), (new, y))
        )
    assert x == pytest.approx(y, abs=1e-12)


def test_what_fits_is_left_alone():
    layers = chain([(0.3, 0.9), (0.01, 0.0), (0.999, 0.5)])
    for old, new in zip(layers, rescale(layers), strict=True):
        assert (old.weights == new.weights).all()
        assert (old.bias == new.bias).all()


def test_what_does_not_fit_is_named_with_what_is_missing():
    with pytest.raises(ValueError, match=r"layer 1: weights reach 10; .* a factor of 8 is missing"):
        rescale(chain([(0.3, 0.1), (10, 0.1)]))  # 16 are wanted; the layer before gives 2 of them
    with pytest.raises(ValueError, match=r"layer 1: biases reach 3; .* a factor of 4 is missing"):
        rescale(chain([(0.3, 0.1), (0.1, 3)]))
