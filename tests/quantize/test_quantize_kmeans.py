"""Exact k-means, levels on a table's grid, and the asymmetric range split."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream.fixed import QFormat
from nibblestream.quantize import Scheme, best_lut, lut_at, nearest_codes, quantize_weights
from nibblestream.quantize.asymmetric import SquaredError, search
from nibblestream.quantize.kmeans import kmeans

pytestmark = pytest.mark.numeric


def squared_error(values: np.ndarray, weights: np.ndarray, centres: np.ndarray) -> float:
    """What is left when each value goes to its nearest centre."""
    return float(weights @ ((values[:, None] - centres) ** 2).min(axis=1))


def best_by_trying(values: np.ndarray, weights: np.ndarray, count: int) -> float:
    """The least error of any cut of the sorted values into `count` intervals."""
    order = np.argsort(values)
    x, w = values[order], weights[order]
    least = np.inf
    for cuts in combinations(range(1, len(x)), count - 1):
        parts = np.split(np.arange(len(x)), cuts)
        centres = [np.average(x[part], weights=w[part]) for part in parts]
        error = sum(w[p] @ (x[p] - c) ** 2 for p, c in zip(parts, centres, strict=True))
        least = min(least, error)
    return least


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 5), st.sampled_from([0, 4]))
def test_no_clusters_are_better(seed: int, size: int, count: int, grid: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.laplace(0, 1, size)
    values = np.round(values * grid) / grid if grid else values
    weights = rng.uniform(0.1, 3, size)
    found = kmeans(values, weights, count)
    least = best_by_trying(values, weights, min(count, size))
    assert squared_error(values, weights, found.centres) == pytest.approx(least, abs=1e-9)
    assert found.masses.sum() == pytest.approx(weights.sum())
    assert (np.diff(found.centres) >= 0).all()
    assert len(found.centres) == count


def test_scikit_learns_best_of_many_starts_is_no_better(rng: np.random.Generator) -> None:
    from sklearn import cluster

    values = rng.laplace(0, 0.03, 3000)
    theirs = cluster.KMeans(16, n_init=10, random_state=0).fit(values[:, None])
    ours = kmeans(values, None, 16)
    error = squared_error(values, np.ones(3000), ours.centres)
    assert error <= theirs.inertia_ * (1 + 1e-9)


def test_weights_draw_the_levels(rng: np.random.Generator) -> None:
    values = rng.normal(0, 0.1, 2000)
    heavy = np.where(values > 0.05, 100.0, 1.0)
    centres = kmeans(values, heavy, 8).centres
    assert (centres > 0.05).sum() > (kmeans(values, None, 8).centres > 0.05).sum()


def test_values_without_any_weight_count_alike() -> None:
    found = kmeans(np.array([0.0, 1.0, 2.0, 9.0]), np.zeros(4), 2)
    assert found.centres == pytest.approx([1, 9])


# --- on the grid ---------------------------------------------------------------------------


def every_value(m: int, k: int) -> np.ndarray:
    word = np.arange(-(1 << (m - 1)), 1 << (m - 1))
    return np.concatenate([word * 2.0 ** -(m - 1), word * 2.0 ** -(m - 1 + k)])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3]), st.sampled_from([3, 4, 8]))
def test_no_table_is_nearer(seed: int, bits: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.sort(rng.laplace(0, 0.1, 1 << bits).clip(-1.2, 1.2))
    masses = rng.uniform(0, 2, 1 << bits)
    found = best_lut(levels, masses, Scheme("kmeans", bits, m=m), 6)
    moved = [masses @ ((levels[:, None] - every_value(m, k)) ** 2).min(axis=1) for k in range(7)]
    assert masses @ (found.values - levels) ** 2 == pytest.approx(min(moved), rel=1e-9, abs=1e-15)
    assert found.k == int(np.argmin(moved))


def test_a_table_is_the_best_of_all_tables() -> None:
    # m = 2 has 4 mantissas and 2 flags: every table of 4 entries and every k, one by one.
    levels, masses = np.array([-0.7, -0.1, 0.06, 0.3]), np.array([1.0, 5.0, 7.0, 2.0])
    least = np.inf
    for k in range(5):
        for entries in product(every_value(2, k), repeat=4):
            least = min(least, float(masses @ (np.array(entries) - levels) ** 2))
    found = best_lut(levels, masses, Scheme("kmeans", 2, m=2), 4)
    assert masses @ (found.values - levels) ** 2 == pytest.approx(least)


def test_k_can_be_given(rng: np.random.Generator) -> None:
    weights = rng.normal(0, 0.05, (20, 30))
    done = quantize_weights(weights, Scheme("kmeans", k=2))
    assert done.lut is not None
    assert (done.k, done.lut.k) == (2, 2)


@pytest.mark.parametrize("k", [0, 3])
def test_levels_saturate(k: int) -> None:
    assert lut_at([-3, 0, 0.5, 3], 8, k).values.tolist() == [-1, 0, 0.5, 127 / 128]


def test_codes_are_the_nearest(rng: np.random.Generator) -> None:
    weights = rng.laplace(0, 0.05, (40, 50)).clip(-1, 1)
    lut = lut_at(np.linspace(-0.3, 0.2, 16), 8, 2)
    distance = np.abs(weights[..., None] - lut.values)
    codes = nearest_codes(weights, lut)
    assert (np.abs(weights - lut.values[codes]) == distance.min(axis=-1)).all()


def test_kmeans_leaves_less_error_than_the_paper(rng: np.random.Generator) -> None:
    weights = rng.laplace(0, 0.03, (128, 256)).clip(-1, 1)
    error = {}
    for name in ("rs-vbs", "rs-vbs-asym", "kmeans"):
        done = quantize_weights(weights, Scheme(name))
        error[name] = np.mean((done.weights - weights) ** 2)
        at = np.searchsorted(done.intervals.edges[1:-1], weights, side="right")
        assert np.array_equal(at, done.codes)
    assert error["kmeans"] < error["rs-vbs-asym"] < error["rs-vbs"]


# --- the asymmetric range split --------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_equal_tails_are_the_papers(rng: np.random.Generator, bits: int) -> None:
    weights = rng.laplace(0, 0.03, (30, 40)).clip(-1, 1)
    half = 1 << (bits - 2)
    split = {"p_start": 0.07, "p_stop": 0.9}
    ours = quantize_weights(weights, Scheme("rs-vbs-asym", bits, tails=(half, half), **split))
    papers = quantize_weights(weights, Scheme("rs-vbs", bits, **split))
    assert ours.lut is not None
    assert papers.lut is not None
    assert np.array_equal(ours.codes, papers.codes)
    assert np.array_equal(ours.lut.decoded, papers.lut.decoded)
    assert np.array_equal(ours.intervals.edges, papers.intervals.edges)


def test_tails_split_their_own_shares(rng: np.random.Generator) -> None:
    scheme = Scheme("rs-vbs-asym", tails=(2, 5), p_start=0.04, p_stop=0.9)
    done = quantize_weights(rng.normal(0, 0.1, (100, 100)), scheme)
    assert done.intervals.count[[0, 1, *range(11, 16)]].tolist() == [200] * 7
    assert done.intervals.internal.sum() == 9


def test_the_search_knows_the_error(rng: np.random.Generator) -> None:
    weights = rng.gumbel(0, 0.05, (40, 40)).clip(-1, 1)
    scheme = search(weights, Scheme("rs-vbs-asym"), 10)
    error = SquaredError(weights, 10)
    for some in (scheme, replace(scheme, tails=(1, 4)), replace(scheme, p_start=0.1)):
        done = quantize_weights(weights, some)
        assert error.of(some) == pytest.approx(np.sum((done.weights - weights) ** 2))
    assert error.of(scheme) < 0.9 * error.of(
        replace(scheme, tails=(4, 4), p_start=0.04, p_stop=0.96)
    )
    assert quantize_weights(weights, Scheme("rs-vbs-asym")).scheme == scheme


def test_the_search_knows_the_error_of_equal_weights(rng: np.random.Generator) -> None:
    weights = np.where(rng.random((30, 30)) < 0.03, rng.normal(0, 0.3, (30, 30)), 0.013).clip(-1, 1)
    scheme = Scheme("rs-vbs-asym", tails=(4, 4), p_start=0.1, p_stop=0.9)
    done = quantize_weights(weights, scheme)
    assert done.intervals.edges[4] == done.intervals.edges[12]
    expected = np.sum((done.weights - weights) ** 2)
    assert SquaredError(weights, 10).of(scheme) == pytest.approx(expected)


def test_skewed_weights_get_uneven_tails(rng: np.random.Generator) -> None:
    weights = rng.exponential(0.05, (60, 60)).clip(0, 1)
    scheme = search(weights, Scheme("rs-vbs-asym"), 10)
    assert scheme.tails is not None
    assert scheme.tails[1] > scheme.tails[0]


@pytest.mark.parametrize(
    ("name", "tails", "message"),
    [
        ("rs-vbs", (4, 4), "use rs-vbs-asym"),
        ("kmeans", (4, 4), "use rs-vbs-asym"),
        ("rs-vbs-asym", (0, 4), "expected two counts"),
        ("rs-vbs-asym", (8, 8), "with a sum below 16"),
        ("rs-vbs-asym", (4,), "expected two counts"),
    ],
)
def test_tails_are_refused(name: str, tails: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Scheme(name, tails=tails)  # type: ignore[arg-type]


# --- layers with little in them --------------------------------------------------------------


@pytest.mark.parametrize("name", ["rs-vbs-asym", "kmeans"])
@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((3, 4)),
        np.full((5, 2), -0.3),
        np.full((1, 1), 1.0),
        np.array([[-0.5, 0.5]]),
        np.repeat([[0.1, -0.2, 0.9]], 7, axis=0),
        np.array([[1e-9, -1e-9, 0]]),
    ],
)
def test_layers_with_few_values_keep_them(name: str, bits: int, weights: np.ndarray) -> None:
    done = quantize_weights(weights, Scheme(name, bits))
    assert done.lut is not None
    resolution = QFormat(8, 7).resolution
    assert np.abs(done.weights - weights).max() <= resolution * (1 if bits > 2 else 20)


@pytest.mark.parametrize("name", ["fisher", "gptq", "refit", "distil", "auto"])
def test_weights_alone_are_no_calibration(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} fits a layer to recordings"):
        quantize_weights(np.zeros((2, 2)), Scheme(name))
