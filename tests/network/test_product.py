"""Products of whole numbers by a BLAS: equal to integers, from the smallest to the largest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream.network.product import FEWEST, HALVINGS, Product, Stacked, is_single, stacked

pytestmark = pytest.mark.numeric

SEEDS = st.integers(0, 2**32 - 1)


def whole(rng: np.random.Generator, shape: tuple[int, ...], most: int) -> np.ndarray:
    """Whole numbers within +-most, a third of them at the ends."""
    found = rng.integers(-most, most, shape, endpoint=True)
    return np.where(rng.random(shape) < 1 / 3, rng.choice([-most, most], shape), found)


@settings(deadline=None)
@given(SEEDS, st.integers(1, 40), st.integers(1, 9), st.integers(0, 3))
def test_stacks_give_the_sums_of_their_frames(seed: int, n: int, stack: int, halvings: int) -> None:
    """With sums of up to 47 bits, as the largest accumulators are."""
    rng = np.random.default_rng(seed)
    frames, taps = whole(rng, (n + stack - 1, 5), 2**24), whole(rng, (stack, 5, 3), 2**17)
    found = np.full((n, 3), np.nan)
    Stacked(taps.astype(np.float64), halvings)(frames.astype(np.float64), found)
    for t in range(n):
        expected = sum(frames[t + j] @ taps[j] for j in range(stack))
        assert found[t].tolist() == expected.tolist()


@settings(deadline=None)
@given(SEEDS, st.integers(1, 2 * FEWEST + 3), st.integers(1, 3))
def test_rows_that_overlap_give_what_their_copies_give(seed: int, n: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    frames = whole(rng, (n + 7, 5), 2**24)
    weights, bias = whole(rng, (parts, 40, 3), 2**15), whole(rng, (parts, 1, 3), 2**46)
    product, rows = Product(weights.astype(float), bias.astype(float)), stacked(frames, 8)
    expected = rows @ weights + bias
    assert rows.base is not None
    assert product(rows).astype(np.int64).tolist() == expected.tolist()
    assert product(rows.copy()).astype(np.int64).tolist() == expected.tolist()


def test_a_stack_of_eight_takes_nine_products_of_a_quarter() -> None:
    def leaves(of: Stacked) -> int:
        return sum(map(leaves, of._halves)) if of._halves else 1

    assert leaves(Stacked(np.ones((8, 2, 2)), HALVINGS)) == 9


@given(SEEDS, st.integers(1, 60))
def test_float32_is_chosen_where_it_is_exact(seed: int, inputs: int) -> None:
    rng = np.random.default_rng(seed)
    weights, most = whole(rng, (4, inputs), 2**9), int(2 ** rng.uniform(5, 16))
    if is_single(weights, most):
        x = np.sign(weights) * most  # every output's largest sum
        x = np.concatenate([x, x - np.sign(weights), whole(rng, (9, inputs), most)])
        product = Product(weights.T[None], np.zeros((1, 1, 4)), single=True)
        assert product(x)[0].tolist() == (x @ weights.T).tolist()


def test_the_largest_sums_of_float32_are_known() -> None:
    weights = np.array([[1, -3], [2**15, 2**15]])
    assert is_single(weights, 2**8)
    assert not is_single(weights, 2**8 + 1)
