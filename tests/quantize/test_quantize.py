"""Codes and levels against the paper's equations, transcribed in paper_equations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paper_equations as paper
from nibblestream.network.scheme import partition_sizes
from nibblestream.quantize import QuantizedWeights, Scheme, quantize_weights
from nibblestream.quantize.range_split import interval_edges, inverse_distribution

pytestmark = pytest.mark.numeric

KINDS = ("normal", "laplace", "uniform", "sparse", "shifted", "clamped")
SPLIT = st.fixed_dictionaries(
    {
        "bits": st.sampled_from([2, 3, 4]),
        "m": st.integers(4, 8),
        "ratio": st.sampled_from([0.4, 0.5, 1.0, 1.7]),
        "p_start": st.sampled_from([0.01, 0.04, 0.07, 0.3]),
        "p_stop": st.sampled_from([0.71, 0.93, 0.96, 0.99]),
    }
)
LAYERS = st.builds(
    lambda seed, kind, count, grid: random_layer(seed, kind, count, grid),
    st.integers(0, 2**32 - 1),
    st.sampled_from(KINDS),
    st.integers(1, 130),
    st.sampled_from([None, 8, 64]),
)


def random_layer(seed: int, kind: str, count: int, grid: int | None) -> np.ndarray:
    """One row of weights in [-1, 1]; `grid` rounds them to its fractions, for ties."""
    rng = np.random.default_rng(seed)
    weights = {
        "normal": lambda: rng.normal(0, 0.1, count),
        "laplace": lambda: rng.laplace(0, 0.03, count),
        "uniform": lambda: rng.uniform(-1, 1, count),
        "sparse": lambda: rng.normal(0, 0.2, count) * (rng.random(count) < 0.05),
        "shifted": lambda: rng.normal(0.4, 0.05, count),
        "clamped": lambda: rng.normal(0, 2, count),
    }[kind]()
    weights = np.clip(weights, -1, 1).astype(np.float32)
    return np.atleast_2d(weights if grid is None else np.round(weights * grid) / grid)


def decoded(done: QuantizedWeights) -> np.ndarray:
    assert done.lut is not None
    return done.lut.values[done.codes]


def quantized(weights: Any, name: str = "rs-vbs", **parameters: Any) -> QuantizedWeights:
    return quantize_weights(np.atleast_2d(weights), Scheme(name, **parameters))


# --- equations (1) to (3) ------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("ratio", [0.34, 0.5, 0.9, 1, 1.3, 2])
def test_partition_sizes_are_equations_1_to_3(bits: int, ratio: float) -> None:
    assert partition_sizes(bits, ratio) == paper.equation_1_to_3(bits, ratio)


def test_ratio_one_splits_sixteen_evenly() -> None:
    assert partition_sizes(4, 1) == (8, 8)


def test_an_odd_floor_is_made_even() -> None:
    assert partition_sizes(4, 1.2) == (8, 8)  # floor 7
    assert partition_sizes(4, 2) == (6, 10)  # floor 5


@pytest.mark.parametrize("ratio", [0, -1, 0.01, 20, float("inf"), float("nan")])
def test_a_ratio_that_empties_a_partition_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="both partitions need at least one"):
        Scheme(ratio=ratio)


# --- equations (4) and (5) -----------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(LAYERS, SPLIT)
def test_edges_are_equations_4_and_5(weights: np.ndarray, split: dict[str, Any]) -> None:
    n, ratio, p_start, p_stop = (split[key] for key in ("bits", "ratio", "p_start", "p_stop"))
    values = [float(weight) for weight in weights.ravel()]
    edges = [
        *paper.equation_4(values, n, ratio, p_start),
        *paper.equation_5(values, n, ratio, p_start, p_stop),
        *paper.equation_4_upper(values, n, ratio, p_stop),
        max(values),
    ]
    found = interval_edges(weights.astype(np.float64), Scheme(**split))
    assert found.tolist() == edges
    assert (np.diff(found) >= 0).all()


def test_percents_of_a_hundred_weights_are_whole_ranks() -> None:
    ordered = np.arange(100.0)
    ranks = inverse_distribution(ordered, np.arange(100) / 100)
    assert ranks.tolist() == ordered.tolist()  # 0.29 * 100 is less than 29 in floating point
    assert inverse_distribution(ordered, 1) == 99


def test_each_external_interval_holds_its_share(rng: np.random.Generator) -> None:
    done = quantized(rng.normal(0, 0.1, (100, 100)))
    assert done.intervals.count[[0, 1, 2, 3, 12, 13, 14, 15]].tolist() == [100] * 8


def test_uneven_tails_split_each_its_own_range(rng: np.random.Generator) -> None:
    done = quantized(rng.normal(0, 0.1, (100, 100)), p_start=0.04, p_stop=0.9)
    assert done.intervals.count[[0, 1, 2, 3, 12, 13, 14, 15]].tolist() == [100] * 4 + [250] * 4


# --- equations (6), (7) and (8) --------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(LAYERS, SPLIT, st.sampled_from(["rs", "rs-vbs"]), st.sampled_from([None, 0, 3, 10]))
def test_range_split_is_the_papers(
    weights: np.ndarray, split: dict[str, Any], name: str, k: int | None
) -> None:
    if name == "rs":
        k = None
    done = quantize_weights(weights, Scheme(name, k=k, **split))
    oracle_k = 0 if name == "rs" else k
    values = [float(weight) for weight in weights.ravel()]
    codes, levels, k_found = paper.range_split(
        values, split["bits"], split["m"], oracle_k, split["ratio"], split["p_start"],
        split["p_stop"],
    )  # fmt: skip
    assert done.lut is not None
    assert done.codes.ravel().tolist() == codes
    assert [Fraction(value) for value in done.lut.values] == levels
    assert (done.k, done.lut.k) == (k_found, k_found)
    for level, mantissa, internal in zip(levels, done.lut.mantissa, done.lut.internal, strict=True):
        stored = paper.equation_8(level, done.k) if internal else level
        assert stored == Fraction(int(mantissa), 2 ** (split["m"] - 1))


@settings(max_examples=200, deadline=None)
@given(
    LAYERS,
    st.sampled_from([2, 3, 4, 8]),
    st.sampled_from(["u", "u-vbs"]),
    st.sampled_from([None, 0, 4]),
)
def test_uniform_is_twos_complement(
    weights: np.ndarray, bits: int, name: str, k: int | None
) -> None:
    if name == "u":
        k = None
    done = quantize_weights(weights, Scheme(name, bits, k=k))
    values = [float(weight) for weight in weights.ravel()]
    levels, k_found = paper.uniform(values, bits, 0 if name == "u" else k)
    assert done.k == k_found
    if bits == 8:
        assert done.lut is None
        assert done.codes.view(np.int8).ravel().tolist() == levels
    else:
        assert done.lut is not None
        assert (done.codes.ravel() - 2.0 ** (bits - 1)).tolist() == levels
        assert (decoded(done).ravel() * 2 ** (bits - 1 + done.k)).tolist() == levels
        assert (done.lut.internal == (name == "u-vbs")).all()


@settings(max_examples=200, deadline=None)
@given(LAYERS, st.sampled_from(["u", "u-vbs", "rs", "rs-vbs"]), st.sampled_from([2, 3, 4]))
def test_codes_are_in_the_weights_order(weights: np.ndarray, name: str, bits: int) -> None:
    done = quantize_weights(weights, Scheme(name, bits))
    order = np.argsort(weights.ravel(), kind="stable")
    assert (np.diff(done.codes.ravel()[order].astype(int)) >= 0).all()


def test_limit_of_k_is_kept() -> None:
    assert quantize_weights(np.full((1, 9), 0.001), Scheme(), k_max=4).k == 4
    assert quantize_weights(np.full((1, 9), 0.001), Scheme()).k == 9
    assert quantize_weights(np.full((1, 9), 0.001), Scheme("u-vbs", 8), k_max=4).k == 4


def test_a_level_that_rounds_out_of_the_word_lowers_k() -> None:
    assert quantized([0.498], k=None).k == 1  # 127.488
    assert quantized([0.4985], k=None).k == 0  # 127.616 rounds to 128
    assert quantized([-0.5], k=None).k == 1  # -128 fits


# --- ties, constant and tiny layers ----------------------------------------------------------


@pytest.mark.parametrize("name", ["u-vbs", "rs-vbs"])
@pytest.mark.parametrize("value", [0.0, 0.01, -0.3, 0.9, -1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (40, 30)])
def test_constant_layers_keep_their_value(name: str, value: float, shape: tuple[int, int]) -> None:
    done = quantized(np.full(shape, value), name)
    bits = 8 if name == "rs-vbs" else 4
    step = 2.0 ** -(bits - 1 + done.k)
    assert np.abs(decoded(done) - value).max() <= step / 2
    assert abs(value) > 2.0 ** -(done.k + 2) or done.k == 10


def test_one_in_the_top_interval_saturates() -> None:
    done = quantized([*np.linspace(-0.1, 0.1, 98), 1, 1])
    assert decoded(done).max() == 127 / 128


@pytest.mark.parametrize("name", ["u", "u-vbs", "rs", "rs-vbs"])
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_two_weights_stay_two(name: str, bits: int) -> None:
    values = decoded(quantized([-0.5, 0.5], name, bits=bits))
    assert np.abs(values - [-0.5, 0.5]).max() <= 0.5**bits


def test_pruned_layers_keep_their_zeros(rng: np.random.Generator) -> None:
    weights = rng.normal(0, 0.2, (50, 50)) * (rng.random((50, 50)) < 0.02)
    done = quantized(weights)
    assert (decoded(done)[weights == 0] == 0).all()
    assert done.lut is not None
    assert done.lut.internal[done.codes[weights == 0]].all()


def test_empty_intervals_are_flagged_and_stay_in_order() -> None:
    done = quantized([*[-0.2] * 50, *[0.2] * 50])
    assert done.intervals.empty.any()
    assert not np.isin(done.codes, np.flatnonzero(done.intervals.empty)).any()
    assert done.lut is not None
    assert (np.diff(done.lut.values) >= 0).all()


def test_interval_table_counts_all_weights(rng: np.random.Generator) -> None:
    weights = rng.laplace(0, 0.05, (30, 40)).clip(-1, 1)
    for scheme in (Scheme(), Scheme("rs"), Scheme("u"), Scheme("u-vbs"), Scheme("u", 8)):
        intervals = quantize_weights(weights, scheme).intervals
        assert intervals.count.sum() == weights.size
        assert len(intervals.edges) == len(intervals.mean) + 1 == 2**scheme.bits + 1
        inside = (intervals.mean >= intervals.edges[:-1]) & (intervals.mean <= intervals.edges[1:])
        assert inside.all()
        at = np.searchsorted(intervals.edges[1:-1], weights, side="right")
        assert np.bincount(at.ravel(), minlength=len(intervals.count)).tolist() == (
            intervals.count.tolist()
        )


# --- quality -------------------------------------------------------------------------------


def test_range_split_and_shift_each_pay_on_peaked_weights(rng: np.random.Generator) -> None:
    weights = rng.laplace(0, 0.03, (256, 256)).clip(-1, 1)
    error = {
        name: np.mean((decoded(quantized(weights, name)) - weights) ** 2)
        for name in ("u", "rs", "rs-vbs")
    }
    assert error["rs-vbs"] < 0.95 * error["rs"]
    assert error["rs"] < 0.2 * error["u"]


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"name": "nf4"}, "expected one of u, u-vbs, rs, rs-vbs"),
        ({"bits": 5}, r"bits is 5; expected one of \(2, 3, 4, 8\)"),
        ({"bits": 8}, "use u or u-vbs"),
        ({"name": "rs", "bits": 8}, "use u or u-vbs"),
        ({"m": 3}, "m is 3; expected 4"),
        ({"m": 9}, "m is 9; expected 4"),
        ({"name": "u", "bits": 8, "m": 7}, "m is 7; expected 8"),
        ({"k": -1}, "k is -1; expected 0 to 10"),
        ({"k": 11}, "k is 11; expected 0 to 10"),
        ({"name": "rs", "k": 2}, "use rs-vbs"),
        ({"name": "u", "k": 2}, "use u-vbs"),
        ({"p_start": 0.0}, "0 < p_start < p_stop < 1"),
        ({"p_stop": 1.0}, "0 < p_start < p_stop < 1"),
        ({"p_start": 0.6, "p_stop": 0.4}, "0 < p_start < p_stop < 1"),
        ({"p_start": float("nan")}, "0 < p_start < p_stop < 1"),
    ],
)
def test_schemes_refuse(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Scheme(**parameters)


@pytest.mark.parametrize("parameters", [{"bits": 4.0}, {"m": "8"}, {"k": 2.5}, {"bits": None}])
def test_widths_are_whole_numbers(parameters: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="expected a whole number"):
        Scheme(**parameters)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([[0.1, float("nan")]], "NaN or infinity"),
        ([[0.1, float("-inf")]], "NaN or infinity"),
        ([[0.1, -1.01]], "reach 1.01; expected -1 to 1: clamp"),
        ([0.1, 0.2], r"shape \(2,\); expected \(out, in\)"),
        (np.zeros((0, 4)), "not empty"),
    ],
)
def test_weights_refuse(weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quantize_weights(weights, Scheme())
