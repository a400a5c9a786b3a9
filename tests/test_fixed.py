"""Rounding, saturation and Q formats, against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream.fixed import (
    ROUNDS,
    QFormat,
    limit,
    round_half_away,
    round_scaled,
    round_shift,
    scaled,
    whole,
)
from slow_integers import rounded

pytestmark = pytest.mark.numeric


@given(st.lists(st.integers(-(2**29), 2**29), min_size=1), st.integers(0, 29))
def test_round_shift_is_division_with_halves_away_from_zero(values, shift):
    expected = [rounded(Fraction(v, 2**shift)) for v in values]
    for dtype in (np.int32, np.int64):
        result = round_shift(np.array(values, dtype), shift)
        assert result.dtype == dtype
        assert result.tolist() == expected


def test_round_shift_refuses_a_left_shift():
    with pytest.raises(ValueError, match="shift is -1"):
        round_shift(np.array([1]), -1)


@given(st.integers(0, 46), st.lists(st.integers(-(2**47), 2**47), min_size=1), st.integers(-1, 1))
def test_whole_numbers_in_floats_are_rounded_the_same(shift, values, beside):
    """Halves and their neighbours, of all sizes up to that of the largest accumulator."""
    half = 1 << shift >> 1
    values = [(v >> shift << shift) + half + beside for v in values] + values
    values = [min(max(v, -(2**47)), 2**47) for v in values]
    expected = [rounded(Fraction(v, 2**shift)) for v in values]
    assert round_scaled(np.array(values, np.float64), shift).tolist() == expected
    assert whole(np.array(values, np.float64), shift).tolist() == expected
    added = np.array(values) * scaled(shift) + (ROUNDS + 7)  # the addition rounds
    assert (added - (ROUNDS + 7)).tolist() == expected


def test_a_limit_is_in_place():
    x = np.array([-3, 0, 5])
    assert limit(x, -1, 2) is x
    assert x.tolist() == [-1, 0, 2]


@given(st.floats(-1e9, 1e9))
def test_floats_round_halves_away_from_zero(value):
    assert round_half_away(np.array([value]))[0] == rounded(Fraction(value))


def test_the_float_below_a_half_rounds_to_zero():
    assert round_half_away(
        np.array([0.49999999999999994, -0.49999999999999994, 0.5, -0.5])
    ).tolist() == [0, 0, 1, -1]


@given(st.integers(2, 40), st.integers(-3, 20), st.booleans(), st.floats(-1e12, 1e12))
def test_formats_round_and_saturate(bits, frac, signed, value):
    q = QFormat(bits, frac, signed)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    expected = min(max(rounded(Fraction(value) * Fraction(2) ** frac), low), high)
    assert (q.low, q.high) == (low, high)
    assert q.from_float(value).item() == expected
    assert q.to_float(q.from_float(value)) == expected * 2.0**-frac
    assert q.saturate(np.array([low - 1, high + 1])).tolist() == [low, high]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        QFormat(8, 7).from_float([0.0, bad])


@pytest.mark.parametrize("wrong", [(0, 0), (64, 0), (8.0, 7), (True, 0), (8, 0.5), (8, 7, 1)])
def test_formats_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="expected 1 to 63 bits"):
        QFormat(*wrong)
