"""What `auto` promises on networks of any weights: never worse than the other schemes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from networks import ACTIVATIONS, plain
from nibblestream import QuantizedModel, quantize
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH
from nibblestream.network.code_stream import beats
from nibblestream.network.float_model import FloatModel
from nibblestream.network.lutmac import Network
from nibblestream.network.scheme import NAMES, Scheme
from nibblestream.quantize.best import candidates

pytestmark = pytest.mark.numeric
Change = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def same(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    return values


WEIGHTS: dict[str, Change] = {
    "all zero": lambda rng, w: 0 * w,
    "all -1": lambda rng, w: 0 * w - 1,
    "plus and minus 1": lambda rng, w: np.sign(w),
    "few values": lambda rng, w: np.round(w * 2) / 2,
    "sparse": lambda rng, w: w * (rng.random(w.shape) < 0.1),
    "heavy tails": lambda rng, w: w * np.exp(2 * rng.normal(0, 1, w.shape)),
    "tiny": lambda rng, w: 1e-8 * w,
    "large": lambda rng, w: 1e4 * w,
    "as they are": same,
}
BIASES: dict[str, Change] = {
    "large": lambda rng, b: 1e3 * np.sign(b),
    "small": lambda rng, b: 1e-3 * b,
    "none": lambda rng, b: 0 * b,
    "dead units": lambda rng, b: np.where(np.arange(len(b)) % 3, b, -100.0),
}


def changed(
    rng: np.random.Generator, model: FloatModel, weights: Change = same, biases: Change = same
) -> FloatModel:
    """The model with other weights, and biases in all layers but the last."""
    *hidden, last = model.biases
    return replace(
        model,
        weights=tuple(weights(rng, w) for w in model.weights),
        biases=(*(biases(rng, b) for b in hidden), last),
    )


def error(coded: QuantizedModel, model: FloatModel, x: np.ndarray) -> float:
    """Mean squared error of the integers' outputs against the float network."""
    y = Network(coded).process(coded.front.integers(x))
    exact = model(x.astype(np.float32)).astype(np.float64)
    return float(np.mean((coded.layers[-1].output_format.to_float(y) - exact) ** 2))


def assert_best(model: FloatModel, bits: int, x: np.ndarray) -> QuantizedModel:
    best = quantize(model, "auto", bits, calibration=x)
    beats(best)  # fits the stream
    least = error(best, model, x)
    for name in NAMES:
        other = error(quantize(model, name, bits, calibration=x), model, x)
        # The choice is by float32 targets; this error is by float64.
        assert least <= other * (1 + 1e-6), name
    return best


@pytest.mark.parametrize("weights", WEIGHTS)
def test_auto_is_the_best_whatever_the_weights(rng: np.random.Generator, weights: str) -> None:
    model = changed(rng, plain(rng, (9, 12, 10, 4), (RELU, RELU, LINEAR)), WEIGHTS[weights])
    assert_best(model, 3, rng.normal(0, 1, (200, 9)))


@pytest.mark.parametrize("biases", BIASES)
def test_auto_is_the_best_whatever_the_biases(rng: np.random.Generator, biases: str) -> None:
    model = plain(rng, (9, 12, 10, 4), (RELU, RELU, LINEAR))
    assert_best(changed(rng, model, biases=BIASES[biases]), 2, rng.normal(0, 1, (200, 9)))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_auto_is_the_best_whatever_the_activation(
    rng: np.random.Generator, activation: Any
) -> None:
    assert_best(plain(rng, (6, 9, 7, 3), (activation,) * 3), 2, rng.normal(0, 1, (200, 6)))


@pytest.mark.parametrize(
    "widths",
    [
        (1, 1),
        (1, 1, 1),
        (120, 4, 2),
        (4, 120, 2),
        pytest.param((5, *[6] * 19, 2), marks=pytest.mark.slow, id="20 layers"),
    ],
)
def test_auto_is_the_best_whatever_the_shape(
    rng: np.random.Generator, widths: tuple[int, ...]
) -> None:
    activations = (*[RELU] * (len(widths) - 2), LINEAR)
    assert_best(plain(rng, widths, activations, scale=1.5), 4, rng.normal(0, 1, (64, widths[0])))


@pytest.mark.parametrize("weights", ["all -1", "plus and minus 1", "few values"])
def test_layers_that_fit_a_table_are_exact_with_auto(
    rng: np.random.Generator, weights: str
) -> None:
    model = plain(rng, (9, 12, 4), (RELU, LINEAR), scale=0.8)
    model = changed(rng, model, lambda rng, w: np.clip(WEIGHTS[weights](rng, w), -1.5, 1.5))
    x = rng.normal(0, 1, (200, 9))
    done = quantize(model, "auto", 3, calibration=x)
    power = np.mean(model(x) ** 2)
    assert error(done, model, x) < 1e-6 * power


@pytest.mark.parametrize("count", [16, 100, 1000])
def test_auto_is_no_worse_than_kmeans_on_new_rows(rng: np.random.Generator, count: int) -> None:
    # Rows of 8 degrees of freedom in 40 columns, as data have; even 16 of them must not mislead.
    mixing = rng.normal(0, 8**-0.5, (8, 40))

    def draw(n: int) -> np.ndarray:
        return np.asarray(rng.normal(0, 1, (n, 8)) @ mixing)

    for seed in range(3):
        model = plain(np.random.default_rng(seed), (40, 24, 5), (RELU, LINEAR))
        x, new = draw(count), draw(2000)
        ours, theirs = (
            error(quantize(model, scheme, 3, calibration=x), model, new)
            for scheme in ("auto", "kmeans")
        )
        assert ours < theirs


# Outputs of tanh are in steps of 2**-15, so sums below that leave nothing of themselves.
@pytest.mark.parametrize(
    ("activation", "exponent"),
    [*((a, e) for a in (RELU, SIGMOID) for e in (-30, -12, 12, 30)), (TANH, 12), (TANH, 30)],
    ids=str,
)
def test_one_layer_may_be_tiny_or_huge(
    rng: np.random.Generator, activation: Any, exponent: int
) -> None:
    first, *others = plain(rng, (6, 9, 7, 3), (activation, activation, LINEAR)).weights
    model = replace(
        plain(rng, (6, 9, 7, 3), (activation, activation, LINEAR), bias=0),
        weights=(first * 2.0**exponent, *others),
    )
    x = rng.normal(0, 1, (100, 6))
    for scheme in ("kmeans", "auto"):
        done = quantize(model, scheme, 4, calibration=x)
        beats(done)
        assert error(done, model, x) < 0.15 * np.mean(model(x) ** 2)


def test_calibration_rows_may_be_equal_or_few(rng: np.random.Generator) -> None:
    model = plain(rng, (6, 9, 3), (RELU, LINEAR))
    for x in (np.zeros((16, 6)), np.ones((16, 6)), np.eye(16, 6)):
        done = quantize(model, "auto", 4, calibration=x)
        assert error(done, model, x) <= error(quantize(model, "kmeans", calibration=x), model, x)


# --- eight bits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_any_scheme_takes_eight_bits(rng: np.random.Generator, name: str) -> None:
    model = plain(rng, (6, 9, 3), (RELU, LINEAR))
    x = rng.normal(0, 1, (100, 6))
    uniform = "u" if name in ("u", "rs", "rs-vbs", "rs-vbs-asym") else "u-vbs"
    whole = quantize(model, name, 8, calibration=x)
    assert [layer.scheme.name for layer in whole.layers] == [uniform] * 2
    assert whole.digest == quantize(model, uniform, 8, calibration=x).digest
    mixed = quantize(model, name, (4, 8), calibration=x)
    assert [layer.bits for layer in mixed.layers] == [4, 8]
    assert mixed.layers[1].scheme.name == uniform


def test_eight_bits_need_no_calibration(rng: np.random.Generator) -> None:
    model = plain(rng, (6, 9, 3), (RELU, LINEAR))
    for name in ("auto", "gptq"):
        assert quantize(model, name, 8).digest == quantize(model, "u-vbs", 8).digest


def test_plain_networks_are_asked_for_rows(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"gptq needs calibration \(rows of inputs, like those"):
        quantize(plain(rng, (6, 9, 3)), "gptq")


def test_auto_tries_only_schemes_that_allow_its_parameters() -> None:
    given = [Scheme("auto", 3, k=2), Scheme("u", 8)]
    tried = list(candidates(given))
    assert tried[0] == given
    assert {some[1] for some in tried} == {given[1]}
    names = [some[0].name for some in tried]
    assert names == ["auto", *(n for n in reversed(NAMES) if n not in ("auto", "u", "rs"))]
    assert list(candidates([Scheme("refit", 3)])) == [[Scheme("refit", 3)]]
    assert [n for _, n in pairwise(NAMES)][-1] == "auto"
