"""Codes to beats and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream.network.pack import beats_of, ideal_bytes, pack, unpack

pytestmark = pytest.mark.numeric

BITS = st.sampled_from([2, 3, 4, 8])
CASES = st.tuples(
    BITS, st.integers(1, 5), st.integers(1, 80), st.integers(0, 2**32 - 1)
)  # bits, out, in, seed


def random_codes(bits: int, out: int, inputs: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1 << bits, (out, inputs), dtype=np.uint8)


def slow_pack(codes: np.ndarray, bits: int) -> list[int]:
    """One long integer: rows filled up to whole steps, then cut into beats."""
    step = 8 if bits == 8 else 16
    string, at = 0, 0
    for row in codes.tolist():
        for code in row + [0] * (-len(row) % step):
            string |= code << at
            at += bits
    return [string >> beat & (2**64 - 1) for beat in range(0, at, 64)]


@settings(max_examples=200, deadline=None)
@given(CASES)
def test_packing_is_what_it_says_and_comes_back(case: tuple[int, int, int, int]) -> None:
    bits, out, inputs, _ = case
    codes = random_codes(*case)
    beats = pack(codes, bits)
    assert beats.dtype == np.uint64
    assert beats.tolist() == slow_pack(codes, bits)
    assert len(beats) == beats_of((out, inputs), bits)
    back = unpack(beats, bits, (out, inputs))
    assert back.dtype == np.uint8
    assert (back == codes).all()


@settings(max_examples=100, deadline=None)
@given(CASES, st.data())
def test_any_bit_of_the_padding_is_refused(
    case: tuple[int, int, int, int], data: st.DataObject
) -> None:
    bits, out, inputs, _ = case
    beats = pack(random_codes(*case), bits)
    per_row = -(-inputs // (8 if bits == 8 else 16)) * (8 if bits == 8 else 16) * bits
    used = {row * per_row + bit for row in range(out) for bit in range(inputs * bits)}
    free = sorted(set(range(64 * len(beats))) - used)
    if not free:
        return
    at, bit = divmod(data.draw(st.sampled_from(free)), 64)
    beats[at] |= np.uint64(1) << np.uint64(bit)
    with pytest.raises(ValueError, match=f"the padding of beat {at} is not zero"):
        unpack(beats, bits, (out, inputs))


def test_first_code_lies_in_the_lowest_bits() -> None:
    assert pack(np.arange(16, dtype=np.uint8)[np.newaxis], 4).tolist() == [0xFEDCBA9876543210]


def test_a_row_begins_a_step() -> None:
    assert pack(np.ones((2, 17), np.uint8), 4).tolist() == [0x1111111111111111, 1] * 2
    assert pack(np.ones((2, 9), np.uint8), 8).tolist() == [0x0101010101010101, 1] * 2
    assert pack(np.ones((3, 1), np.uint8), 2).tolist() == [1 << 32 | 1, 1]


def test_three_bit_codes_take_three_quarters_of_a_beat() -> None:
    assert pack(np.full((4, 16), 7, np.uint8), 3).tolist() == [2**64 - 1] * 3
    assert pack(np.arange(16, dtype=np.uint8)[np.newaxis] % 8, 3).tolist() == [0o7654321076543210]


def test_the_papers_network_pads_less_than_two_percent() -> None:
    shapes = [(256, 1032), (129, 256)]
    ideal = sum(ideal_bytes(shape, 4) for shape in shapes)
    stream = 8 * sum(beats_of(shape, 4) for shape in shapes)
    assert (ideal, stream) == (148_608, 149_632)
    assert stream <= 1.02 * ideal


@pytest.mark.parametrize("value", [-1, 16])
def test_codes_that_do_not_fit_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match=r"expected 0 to 15, 4 bits"):
        pack(np.array([[0, value]]), 4)


def test_refusals_say_what_was_found() -> None:
    beats = np.zeros(3, np.uint64)
    with pytest.raises(
        ValueError, match=r"shape \(3,\); expected \(4,\) for a layer of 2 x 32 4-bit codes"
    ):
        unpack(beats, 4, (2, 32))
    with pytest.raises(TypeError, match="int64; expected uint64"):
        unpack(beats.astype(np.int64), 4, (3, 16))
    with pytest.raises(TypeError, match="float64; expected integers"):
        pack(np.zeros((2, 2)), 4)
    with pytest.raises(ValueError, match=r"shape \(4,\); expected \(out, in\)"):
        pack(np.zeros(4, np.uint8), 4)
    with pytest.raises(ValueError, match=r"5 bits; expected one of"):
        pack(np.zeros((2, 2), np.uint8), 5)
