"""Layers with memory: against an oracle, against floats, in any cut, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slow_integers
from nibblestream import FloatModel, Predictor, QuantizedModel, quantize, spec
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH
from nibblestream.network.curve import curve
from nibblestream.network.float_network import FloatNetwork
from nibblestream.network.front import Plain
from nibblestream.network.lutmac import Network
from nibblestream.network.memory import MEMORY, remember

pytestmark = pytest.mark.numeric


def remembering(
    rng: np.random.Generator, units: tuple[int, ...] = (9, 5), inputs: int = 7
) -> FloatModel:
    """A plain network of a ReLU layer, layers with memory, and a linear layer."""
    shapes = [(11, inputs)]
    for count, before in zip(units, (11, *units), strict=False):
        shapes.append((3 * count, before))
    shapes.append((4, units[-1]))
    return FloatModel(
        "remembers",
        tuple(rng.normal(0, 1.5 * n**-0.5, (out, n)) for out, n in shapes),
        tuple(rng.normal(0, 0.4, out) for out, _ in shapes),
        Plain(4.0),
        activations=(RELU, *[MEMORY] * len(units), LINEAR),
        scaled=True,
    )


def oracle(model: QuantizedModel, rows: np.ndarray) -> list[list[int]]:
    """The network, one number at a time, from sums in exact fractions."""
    states = [[0] * layer.width for layer in model.layers]
    return [slow_integers.network(row, model, states) for row in rows.tolist()]


@pytest.mark.parametrize(("scheme", "bits"), [("kmeans", 4), ("rs-vbs", 3), ("u", 8)])
def test_equals_the_oracle(rng, scheme, bits):
    model = quantize(remembering(rng), scheme, bits)
    word = model.front.input_format
    x = rng.integers(word.low, word.high + 1, (12, model.inputs), dtype=np.int32)
    assert Network(model).process(x).tolist() == oracle(model, x)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 60), max_size=6))
def test_any_cut_gives_the_same(seed, cuts):
    rng = np.random.default_rng(seed)
    model = quantize(remembering(rng, (3,)), "kmeans", 4)
    x = rng.integers(-(2**15), 2**15, (60, model.inputs), dtype=np.int32)
    network, whole = Network(model), Network(model).process(x)
    parts = [network.process(x[a:b]) for a, b in pairwise([0, *sorted(cuts), 60])]
    assert np.array_equal(np.concatenate(parts), whole)
    network.reset()
    assert np.array_equal(network.process(x), whole)


@given(st.integers(0, 2**32 - 1))
def test_the_state_never_leaves_its_range(seed):
    """Whatever the gates: even from the ends of the range, with the largest sums."""
    rng = np.random.default_rng(seed)
    one, most = 1 << spec.STATE.frac, 1 << spec.CURVE_INPUT_BITS
    sums = rng.choice([-most, -most // 8, -1, 0, 1, most // 8, most - 1], (50, 3 * 40))
    state = rng.choice([-one, -one + 1, 0, one - 1, one], 40).astype(np.int64)
    for _ in range(3):
        outputs, state = remember(np.stack([sums[:, i::3] for i in range(3)]), state)
        assert np.abs(state).max() <= one
        assert np.abs(outputs).max() <= 1 << spec.CURVE.frac


def test_steps_are_rounded_halves_away_from_zero(rng):
    """At z = 0 the gate is one half, so every other step ends in a half."""
    one, sums = 1 << spec.STATE.frac, rng.integers(-(2**15), 2**15, (3, 12, 80))
    sums[0, rng.random((12, 80)) < 0.8] = 0
    state = rng.integers(-one, one, 80, endpoint=True)
    found, last = remember(sums.copy(), state.astype(np.float64))
    halves = 0
    for row, (z, c, o) in zip(found, sums.transpose(1, 0, 2), strict=True):
        aim = curve(c, TANH).astype(np.int64) << 7
        for u, speed in enumerate(curve(z, SIGMOID).tolist()):
            step = Fraction(speed * int(aim[u] - state[u]), 2**15)
            halves += step.denominator == 2
            state[u] += slow_integers.rounded(step)
        gates = curve(o, SIGMOID).tolist()
        outputs = [Fraction(g * int(h), 2**22) for g, h in zip(gates, state, strict=True)]
        assert row.tolist() == [slow_integers.rounded(y) for y in outputs]
    assert last.tolist() == state.tolist()
    assert halves > 50


def test_integers_follow_floats(rng):
    trained = remembering(rng, (40, 30), inputs=20)
    model = quantize(trained, "u", 8)
    x = rng.normal(0, 1, (400, 20)).clip(-4, 4)
    decoded = replace(
        trained,
        weights=tuple(layer.decoded * 2.0**-layer.weight_frac for layer in model.layers),
        biases=tuple(layer.bias_format.to_float(layer.bias) for layer in model.layers),
    )
    exact = decoded(model.front.input_format.from_float(x) * model.front.input_format.resolution)
    found = Network(model).process(model.front.input_format.from_float(x))
    error = model.layers[-1].output_format.to_float(found) - exact
    assert np.abs(error).max() < 2e-3 * np.abs(exact).max()


def test_floats_run_on(rng):
    model, x = remembering(rng), rng.normal(0, 1, (30, 7))
    network = FloatNetwork(model)
    parts = [network.process(x[a:b]) for a, b in pairwise([0, 1, 1, 9, 30])]
    assert np.concatenate(parts) == pytest.approx(model(x), abs=1e-12)
    network.reset()
    assert network.process(x[:5]) == pytest.approx(model(x[:5]), abs=1e-12)


def test_the_recurrence_is_what_the_docstring_says(rng):
    sums, h = rng.normal(0, 2, (9, 6)), np.zeros(2)
    found = MEMORY(sums)
    for row, y in zip(sums, found, strict=True):
        z, c, o = row[0::3], row[1::3], row[2::3]
        h = h + 1 / (1 + np.exp(-4 * z)) * (np.tanh(c) - h)
        assert y == pytest.approx(h / (1 + np.exp(-o)))


def test_files_hold_it(rng, tmp_path):
    trained = remembering(rng)
    trained.save(tmp_path / "float.npz")
    assert FloatModel.load(tmp_path / "float.npz").activations == trained.activations
    model = quantize(trained, "kmeans", 4)
    model.save(tmp_path / "m.npz")
    loaded = QuantizedModel.load(tmp_path / "m.npz")
    assert loaded.digest == model.digest
    assert [layer.width for layer in loaded.layers] == [11, 9, 5, 4]
    assert "memory" in loaded.describe()


def test_what_does_not_fit_is_refused(rng):
    model = remembering(rng)
    weights = (model.weights[0], model.weights[1][:-1], *model.weights[2:])
    biases = (model.biases[0], model.biases[1][:-1], *model.biases[2:])
    with pytest.raises(ValueError, match="layer 1: 26 rows of weights; expected 3 per unit"):
        replace(model, weights=weights, biases=biases)
    with pytest.raises(ValueError, match="have 2400 units; expected 2048 or fewer"):
        FloatModel(
            "large",
            (np.zeros((1800, 600)), *[np.zeros((1800, 600))] * 3),
            tuple(np.zeros(1800) for _ in range(4)),
            activations=(MEMORY,) * 4,
        )


@pytest.mark.parametrize("quantized", [False, True])
def test_rows_of_a_predictor_follow_on_one_another(rng, quantized):
    """In one call or in several, in floats as in integers."""
    model, x = remembering(rng), rng.normal(0, 1, (20, 7)).clip(-4, 4)
    model = quantize(model, "kmeans", 4) if quantized else model
    with Predictor(model) as whole, Predictor(model) as cut:
        parts = [cut.predict(x[a:b]) for a, b in pairwise([0, 3, 3, 11, 20])]
        assert np.concatenate(parts) == pytest.approx(whole.predict(x), abs=1e-12)
