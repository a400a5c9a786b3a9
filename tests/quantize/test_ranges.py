"""Ranges of inputs and activations: from data, from random rows, and through many layers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from networks import float_twin, plain
from nibblestream import QuantizedModel, quantize
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH, Activation, clip, leaky
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.network.lutmac import Network
from nibblestream.quantize.data import fitted

pytestmark = pytest.mark.numeric


def run(model: QuantizedModel, x: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Outputs as floats, and the numbers of saturated outputs."""
    network = Network(model)
    y = network.process(model.front.integers(x))
    return model.layers[-1].output_format.to_float(y), network.saturated


def relative(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)))


# --- inputs ------------------------------------------------------------------------------------


def test_columns_of_any_range_share_a_table(rng: np.random.Generator) -> None:
    # Contributions of all inputs are alike; their units are not. Only powers of two are exact.
    even = plain(rng, (6, 12, 3), (RELU, LINEAR))
    unit = 2.0 ** np.array([0, -14, -9, -3, -20, -7])
    x = rng.uniform(-1, 1, (400, 6))
    x[:2] = [[1.0], [-1.0]]
    odd = replace(even, weights=(even.weights[0] / unit, even.weights[1]))
    for scheme in ("kmeans", "refit"):
        ours = quantize(odd, scheme, calibration=x * unit)
        same = quantize(even, scheme, calibration=x)
        assert all(
            np.array_equal(a.codes, b.codes) for a, b in zip(ours.layers, same.layers, strict=True)
        )
        assert np.array_equal(run(ours, x * unit)[0], run(same, x)[0])
        assert ours.layers[0].input_format.bits == 16
        assert relative(run(ours, x * unit)[0], odd(x * unit)) < 0.15


def test_always_zero_and_constant_inputs_do_not_matter(rng: np.random.Generator) -> None:
    model = plain(rng, (5, 8, 3), (RELU, LINEAR))
    weights = model.weights[0].copy()
    weights[:, 1] = 50  # never used
    x = rng.uniform(-1, 1, (300, 5))
    x[:, 1], x[:, 3] = 0, 0.7
    model = replace(model, weights=(weights, model.weights[1]))
    for scheme in ("gptq", "auto"):
        done = quantize(model, scheme, calibration=x)
        assert relative(run(done, x)[0], model(x)) < 0.1


def test_ranges_are_those_of_the_data(rng: np.random.Generator) -> None:
    model = plain(rng, (3, 2))
    x = np.zeros((16, 3), np.float32)
    assert fitted(model, [x]) == Plain([8.0, 8.0, 8.0])  # the model's own
    x[5] = -3, 0, 0.25
    assert fitted(model, [x]) == Plain([6.0, 3.25, 0.5], [0, 0, -3])
    assert quantize(model, calibration=x).front == fitted(model, [x])
    assert quantize(model).front == Plain()


# --- activations -------------------------------------------------------------------------------


def deep(rng: np.random.Generator, depth: int, activation: Activation, gain: float) -> FloatModel:
    """A network that keeps the size of its activations through all layers."""
    weights = [gain * np.linalg.qr(rng.normal(0, 1, (12, 12)))[0] for _ in range(depth)]
    biases = [rng.normal(0, 0.05, 12) for _ in weights]
    activations = (*[activation] * (depth - 1), LINEAR)
    return FloatModel(
        "deep", tuple(weights), tuple(biases), Plain(4.0), activations=activations, scaled=True
    )


DEEP = [
    (LINEAR, 1.0, 1e-3), (RELU, 2**0.5, 1e-3), (clip(-1, 1), 1.0, 1e-4), (leaky(0.5), 1.2, 1e-3),
    (SIGMOID, 4.0, 1e-3), (TANH, 1.1, 1e-2),
]  # fmt: skip


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("depth", [20, 255])
@pytest.mark.parametrize(("activation", "gain", "most"), DEEP, ids=str)
def test_deep_networks_keep_their_precision(
    rng: np.random.Generator, depth: int, activation: Activation, gain: float, most: float,
    calibrated: bool,
) -> None:  # fmt: skip
    # Bounds grow with every layer, by a factor near 3; a format for them would be empty after 20.
    model = deep(rng, depth, activation, gain)
    x = np.clip(rng.normal(0, 1, (200, 12)), -4, 4)
    done = quantize(model, "u-vbs", 8, calibration=x if calibrated else None)
    found, saturated = run(done, x)
    integers = done.front.integers(x)
    given = done.front.input_format.to_float(integers) * done.front.scale(12)
    exact = float_twin(done)
    assert relative(found, exact(given)) < most
    assert sum(saturated) == 0


def blobs(rng: np.random.Generator, count: int, side: int = 12) -> np.ndarray:
    """Smooth images of values from 0 to 1."""
    i, j = np.mgrid[:side, :side]
    centre = rng.uniform(2, side - 2, (count, 2, 1, 1))
    width = rng.uniform(2, 8, (count, 1, 1))
    found = np.exp(-((i - centre[:, 0]) ** 2 + (j - centre[:, 1]) ** 2) / width)
    return np.asarray(found.reshape(count, -1))


@pytest.mark.parametrize("kind", ["standardized", "images", "ones"])
def test_random_rows_stand_for_data(rng: np.random.Generator, kind: str) -> None:
    # Weights of one sign at each unit, which add up on images and cancel out on random rows.
    pairs = [(144, 24), (24, 24), (24, 24), (24, 24), (24, 3)]
    weights = tuple(
        np.abs(rng.normal(0, 1, (o, n))) * rng.choice([-1, 1], (o, 1)) for n, o in pairs
    )
    biases = tuple(np.zeros(o) for _, o in pairs)
    reach = 8.0 if kind == "standardized" else 1.0
    activations = (leaky(0.5),) * 4 + (LINEAR,)
    model = FloatModel("m", weights, biases, Plain(reach), activations=activations, scaled=True)
    x = {
        "standardized": rng.normal(0, 1, (300, 144)),
        "images": blobs(rng, 300),
        "ones": np.ones((2, 144)),
    }[kind]
    done = quantize(model, "u-vbs", 8)
    found, saturated = run(done, x)
    assert sum(saturated) == 0
    assert relative(found, float_twin(done)(x)) < 1e-3


def test_what_saturates_is_counted_and_told(rng: np.random.Generator) -> None:
    # Pairs of inputs that are nearly equal in all data: differences are far below their bound.
    signs = np.tile([1.0, -1.0], 32)
    model = FloatModel(
        "difference", (signs[None], [[0.5]]), ([0.0], [0.0]), activations=(LINEAR, LINEAR),
        scaled=True,
    )  # fmt: skip
    x = np.repeat(rng.uniform(-1, 1, (99, 32)), 2, axis=1) + rng.uniform(-1, 1, (99, 64)) / 1000
    done = quantize(model, "u-vbs", 8, calibration=x)
    assert [layer.saturated for layer in done.layers] == [0.0, 0.0]
    assert done.describe().count("0.00% of outputs saturate") == 2
    assert run(done, x)[1] == [0, 0]
    apart = signs * np.array([[1], [0.1], [0.001], [-1], [0]])
    found, saturated = run(done, apart)
    tops = [layer.output_format.high * layer.output_format.resolution for layer in done.layers]
    sums = np.clip(64 * apart[:, 0], -tops[0], tops[0])
    assert saturated == [2, int(np.sum(np.abs(sums / 2) > tops[1]))]
    assert np.allclose(found[:, 0], np.clip(sums / 2, -tops[1], tops[1]), atol=1e-3)
    # With all of their range in the data, the bound holds.
    safe = quantize(model, "u-vbs", 8, calibration=np.concatenate([x, apart]))
    assert [layer.saturated for layer in safe.layers] == [None, None]
    assert "saturate" not in safe.describe()


def test_ranges_that_the_model_states_are_used_without_data(rng: np.random.Generator) -> None:
    """As after an import with an example whose columns differ by 1e4."""
    model = plain(rng, (3, 2))
    model = replace(model, front=Plain([8000.0, 0.8, 8.0]))
    model = replace(model, weights=(model.weights[0] / np.array([1e3, 0.1, 1]),))
    done = quantize(model, "kmeans", 4)
    assert done.front == Plain([8000.0, 0.8, 8.0], [0, -13, -9])
    assert done.front.input_format.bits == 16


def test_a_deep_network_without_biases_keeps_its_formats(rng: np.random.Generator) -> None:
    """Tables that distil moves may move a format, too, below which no bias may lie."""
    widths, data = [16] * 13, rng.normal(0, 1, (40, 16)).astype(np.float32)
    for seed in range(6):
        drawn = np.random.default_rng(seed)
        weights = tuple(drawn.normal(0, 1.4 * n**-0.5, (m, n)) for n, m in pairwise(widths))
        biases = tuple(np.zeros(m) for m in widths[1:])
        model = FloatModel("deep", weights, biases, Plain(4.0), scaled=True)
        assert quantize(model, "distil", 4, calibration=data).layers
