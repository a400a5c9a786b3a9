"""Rows of integers as beats, value by value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream.network.rows import Rows

shapes = st.lists(st.integers(1, 9), min_size=1, max_size=2).map(tuple)


@given(shapes, st.sampled_from([16, 32]), st.integers(0, 5), st.integers(0, 2**32))
def test_values_stand_in_order_and_come_back(
    shape: tuple[int, ...], bits: int, count: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (count, *shape)).astype(np.int32)
    layout = Rows(shape, bits)
    beats = layout.pack(values)
    assert beats.dtype == np.uint64
    assert layout.beats == math.ceil(math.prod(shape) * bits / 64)
    expected = []
    for row in values.reshape(count, math.prod(shape)).tolist():
        whole = sum((value % 2**bits) << bits * i for i, value in enumerate(row))
        expected += [whole >> 64 * i & (2**64 - 1) for i in range(layout.beats)]
    assert beats.tolist() == expected
    found = layout.unpack(beats)
    assert found.dtype == np.int32
    assert found.shape == values.shape
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("bits", "size", "beats"), [(16, 4, 1), (16, 5, 2), (32, 2, 1), (32, 3, 2)]
)
def test_rows_are_whole_beats(bits: int, size: int, beats: int) -> None:
    assert Rows((size,), bits).beats == beats
