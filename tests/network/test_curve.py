"""Sigmoid and tanh in integers: every input word against float64, within the derived bounds."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from nibblestream import spec
from nibblestream.network import curve as table
from nibblestream.network.activation import SIGMOID, TANH, Activation
from nibblestream.network.curve import INPUT, SIGMOID_ERROR, TANH_ERROR, curve
from slow_integers import chord

pytestmark = pytest.mark.numeric

BOTH = pytest.mark.parametrize(
    ("activation", "bound"), [(SIGMOID, SIGMOID_ERROR), (TANH, TANH_ERROR)], ids=str
)


def words(activation: Activation) -> np.ndarray:
    """Every input word: 2**19 integers."""
    word = INPUT[activation.kind]
    return np.arange(word.low, word.high + 1, dtype=np.int32)


@BOTH
def test_every_word_is_within_the_bound_which_is_tight(
    activation: Activation, bound: float
) -> None:
    x = words(activation)
    assert len(x) == 2**19
    exact = activation(INPUT[activation.kind].to_float(x))
    error = np.abs(spec.CURVE.to_float(curve(x, activation)) - exact)
    assert 0.9 * bound < error.max() <= bound


@BOTH
def test_curves_rise_and_are_odd(activation: Activation, bound: float) -> None:
    x = words(activation)
    y = curve(x, activation)
    assert y.dtype == np.int32
    assert (np.diff(y) >= 0).all()
    # Sigmoid is odd about 1/2, up to the rounding of halves away from zero.
    total = y[1:] + y[1:][::-1]
    low, high = (2**15, 2**15 + 1) if activation is SIGMOID else (0, 0)
    assert total.min() == low
    assert total.max() == high
    assert curve(np.array([0], np.int32), activation)[0] == (2**14 if activation is SIGMOID else 0)


@BOTH
def test_words_beyond_the_table_are_its_end(activation: Activation, bound: float) -> None:
    ends = curve(words(activation)[[0, -1]], activation)
    beyond = np.array([-(2**40), -(2**18), 2**18, 2**40])
    assert curve(beyond, activation).tolist() == [ends[0], ends[0], ends[1], ends[1]]
    assert np.abs(spec.CURVE.to_float(ends) - [-1.0 if activation is TANH else 0.0, 1.0]).max() == 0


@BOTH
def test_the_oracle_agrees(rng: np.random.Generator, activation: Activation, bound: float) -> None:
    step = Fraction(INPUT[activation.kind].resolution)
    x = [*rng.integers(-(2**18), 2**18, 3000).tolist(), *range(-1100, 1100), -(2**20), 2**20]
    found = curve(np.array(x, np.int32), activation).tolist()
    assert found == [chord(value * step, activation is SIGMOID) for value in x]


def test_no_entry_of_the_table_depends_on_the_libm() -> None:
    # An error of a float64 tanh is near 1e-16; no entry is that near a tie of its rounding.
    exact = np.array([math.tanh(i / 32) * 2**15 for i in range(257)])
    distance = np.abs(exact - np.floor(exact) - 0.5)
    assert distance.min() > 1e-3
    assert np.array_equal(table.STARTS, np.round(exact[:-1]))
    assert np.array_equal(table.STARTS + table.RISES, np.round(exact[1:]))
