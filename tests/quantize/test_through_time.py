"""Calibration of networks with memory: slopes through time, sequences apart, their errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nibblestream import QuantizedModel, quantize, spec
from nibblestream.network.activation import LINEAR, RELU, clip
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.network.lutmac import Network
from nibblestream.network.memory import MEMORY
from nibblestream.network.recurrent import RECURRENT
from nibblestream.network.scheme import CALIBRATED
from nibblestream.quantize import Calibration, data
from nibblestream.quantize import teacher as teaching
from nibblestream.quantize.best import integer_error
from nibblestream.quantize.data import checked
from nibblestream.quantize.objective import DAMPING
from nibblestream.quantize.passes import run, slopes
from nibblestream.quantize.rescale import rescale
from nibblestream.quantize.sequences import Sequences
from nibblestream.quantize.teacher import Teacher
from nibblestream.speech.front import Speech

pytestmark = pytest.mark.numeric

INPUTS = 5
NONE = (-np.inf, np.inf)
LAYERS = {  # cells, and the units of each
    "memory": ([RELU, MEMORY, MEMORY, LINEAR], [6, 4, 3, 2]),
    "memory at the end": ([RELU, MEMORY], [6, 3]),
    "GRU": ([RELU, LINEAR, RECURRENT, LINEAR], [6, 12, 4, 2]),
    "two GRUs": ([LINEAR, RECURRENT, LINEAR, RECURRENT], [9, 3, 12, 4]),
    "both": ([MEMORY, LINEAR, RECURRENT, clip(-0.5, 0.5)], [4, 9, 3, 2]),
}


def build(rng: np.random.Generator, kind: str, scale: int = 1, size: float = 1.2) -> FloatModel:
    """A plain network with memory, of random weights; `scale` multiplies its widths."""
    cells, units = LAYERS[kind]
    weights, before = [], INPUTS
    for cell, count in zip(cells, np.multiply(units, scale), strict=True):
        before = count if cell is RECURRENT else before
        weights.append(rng.normal(0, size * before**-0.5, (cell.sums * count, before)))
        before = count
    biases = [rng.normal(0, 0.3, len(w)) for w in weights]
    return FloatModel("m", tuple(weights), tuple(biases), Plain(4.0), {}, tuple(cells), True)


def recordings(rng: np.random.Generator, *lengths: int) -> list[np.ndarray]:
    """Rows that wander slowly, as spectra do."""
    return [
        (np.cumsum(rng.normal(0, 0.4, (n, INPUTS)), axis=0) + rng.normal(0, 1, INPUTS))
        .clip(-4, 4)
        .astype(np.float32)
        for n in lengths
    ]


def run_on(model: FloatModel, rows: list[np.ndarray]) -> np.ndarray:
    """Outputs within the front's limits, one recording after another, by the model itself."""
    return np.concatenate([model(x) for x in rows])


@pytest.mark.parametrize("kind", LAYERS)
def test_slopes_are_finite_differences(rng, kind):
    model, x = build(rng, kind), [r.astype(np.float64) for r in recordings(rng, 7, 1, 12)]
    layers, sequences = [*model.layers()], Sequences([7, 1, 12])
    layers = [(w.astype(np.float64), b.astype(np.float64), cell) for w, b, cell in layers]
    weight = rng.normal(0, 1, (20, model.outputs))
    passes = run(layers, np.concatenate(x), sequences)
    found = slopes(layers, passes, weight, sequences, NONE)

    def total(i: int, group: int, place: tuple[int, ...], step: float) -> float:
        changed = [[*layer] for layer in layers]
        changed[i][group] = changed[i][group].copy()
        changed[i][group][place] += step
        alone = [run(changed, some, Sequences([len(some)]))[-1].outputs for some in x]
        return float((weight * np.concatenate(alone)).sum())

    for i, (slope, done) in enumerate(zip(found, passes, strict=True)):
        of_weights, of_biases = slope.T @ done.factors, slope.sum(axis=0)
        for _ in range(6):
            row, column = rng.integers(of_weights.shape[0]), rng.integers(of_weights.shape[1])
            for group, place, ours in (
                (0, (row, column), of_weights[row, column]),
                (1, (row,), of_biases[row]),
            ):
                up, down = (total(i, group, place, step) for step in (1e-5, -1e-5))
                assert ours == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-6)


def test_sensitivities_are_squared_slopes(rng):
    """Exact for one unit in each layer with the outputs, where there are no cross terms."""
    weights = tuple(rng.normal(0, 1, shape) for shape in ((1, INPUTS), (3, 1), (1, 1)))
    biases = tuple(rng.normal(0, 0.3, len(w)) for w in weights)
    model = FloatModel("one", weights, biases, Plain(4.0), {}, (LINEAR, MEMORY, LINEAR), True)
    teacher = Teacher(model, recordings(rng, 9, 5))
    expected = [np.zeros_like(done.sums) for done in teacher.passes]
    for i in range(14):  # the square of the slope of each output, one row at a time
        one = np.zeros((14, 1), np.float32)
        one[i] = 1
        found = slopes(teacher.layers, teacher.passes, one, teacher.sequences, NONE)
        for square, slope in zip(expected[1:], found[1:], strict=True):
            square += slope**2
    for seen, square in zip(teacher.sensitivities[1:], expected[1:], strict=True):
        assert seen == pytest.approx(square, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("kind", LAYERS)
def test_states_do_not_leak_into_the_next_recording(rng, kind):
    model, x = build(rng, kind), recordings(rng, 20, 3, 11)
    teacher = Teacher(model, x)
    assert teacher.passes[-1].outputs == pytest.approx(run_on(model, x), abs=1e-5)
    joined = Teacher(model, [np.concatenate(x)])
    assert np.abs(joined.target - teacher.target)[20:].max() > 1e-3
    alone = [Teacher(model, [some]).sensitivities for some in x]
    for i, seen in enumerate(teacher.sensitivities):
        assert seen == pytest.approx(np.concatenate([s[i] for s in alone]), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_hessians_are_sums_over_all_rows(rng, kind):
    """Against one row after another: what the matrix multiplies, weighted by the sensitivity."""
    model, x = build(rng, kind), recordings(rng, 30, 9)
    teacher = Teacher(model, x)
    sensitivities = teacher.sensitivities
    for i, error in enumerate(teacher.errors()):
        before = replace(
            model,
            weights=model.weights[: i + (model.activations[i] is RECURRENT)],
            biases=model.biases[: i + (model.activations[i] is RECURRENT)],
            activations=model.activations[: i + (model.activations[i] is RECURRENT)],
        ) if i + (model.activations[i] is RECURRENT) else None  # fmt: skip
        factors = []
        for some in x:
            outputs = some if before is None else before(some)
            if model.activations[i] is RECURRENT:
                outputs = np.concatenate([np.zeros((1, outputs.shape[1])), outputs[:-1]])
            factors += [np.append(row, 1.0) for row in outputs]
        every = sensitivities[i].T
        if error.coupled:  # outputs share the Hessian of their mean sensitivity, scaled to 1
            every = every.mean(axis=0, keepdims=True) / every.mean()
        for row, (hessian, seen) in enumerate(zip(error.hessian, every, strict=True)):
            expected = sum(s * np.outer(f, f) for s, f in zip(seen, factors, strict=True)) / 39
            damping = np.diag(hessian - expected)
            expected += np.diag(damping)
            assert hessian == pytest.approx(expected, rel=1e-3, abs=1e-5), (i, row)
            assert damping.min() >= 0.9 * DAMPING * np.trace(expected) / len(expected) - 1e-6


@pytest.mark.parametrize("kind", LAYERS)
def test_couplings_are_products_of_slopes(rng, kind, monkeypatch):
    """Against the slopes of each output in each row, one at a time."""
    monkeypatch.setattr(teaching, "SIGNED", 8000)
    teacher = Teacher(build(rng, kind), recordings(rng, 5, 3))
    expected = [np.zeros((done.sums.shape[1],) * 2) for done in teacher.passes]
    for place in np.ndindex(teacher.target.shape):
        one = np.zeros_like(teacher.target)
        one[place] = 1
        found = slopes(
            teacher.layers, teacher.passes, one, teacher.sequences, teacher.model.front.limits
        )
        for products, slope in zip(expected, found, strict=True):
            products += slope.T @ slope / len(one)
    *couplings, last = teacher.couplings
    assert last is None
    for coupling, products in zip(couplings, expected, strict=False):
        products += teaching.DAMPING * np.trace(products) / len(products) * np.eye(len(products))
        assert coupling == pytest.approx(products, abs=0.1 * np.abs(products).max())


def error_of(model: QuantizedModel, network: FloatModel, rows: list[np.ndarray]) -> float:
    """Mean squared error over whole sequences, each after a reset."""
    integers, total, count = Network(model), 0.0, 0
    for x in rows:
        integers.reset()
        y = model.layers[-1].output_format.to_float(integers.process(model.front.integers(x)))
        total, count = total + np.sum((y - network(x)) ** 2), count + y.size
    return total / count


@pytest.mark.parametrize("kind", LAYERS)
def test_errors_in_integers_are_those_of_sequences(rng, kind):
    model, x = build(rng, kind), recordings(rng, 2000, 300, 40, 1500)
    found = quantize(model, "kmeans", 3)
    teacher = Teacher(model, x)
    assert integer_error(found, teacher) == pytest.approx(error_of(found, model, x), rel=1e-3)


@pytest.mark.parametrize("kind", LAYERS)
def test_calibration_pays_on_other_sequences(rng, kind):
    model, rows = build(rng, kind, scale=4), recordings(rng, *[60] * 80)
    seen, other = rows[:64], rows[64:]
    plain = error_of(quantize(model, "kmeans", 3, calibration=seen), model, other)
    for name in CALIBRATED:
        found = error_of(quantize(model, name, 3, calibration=seen), model, other)
        assert found < (1.0 if name in ("fisher", "gptq") else 0.8) * plain, name


def test_budgets_give_sensitive_layers_more_bits(rng):
    model, x = build(rng, "memory", scale=4), recordings(rng, *[60] * 10)
    found = quantize(model, "auto", calibration=x, budget=700)
    assert found.ideal_bytes <= 700
    assert len({layer.bits for layer in found.layers}) > 1
    narrow = quantize(model, "auto", 2, calibration=x)
    assert error_of(found, model, x) < error_of(narrow, model, x)


@pytest.mark.parametrize("kind", LAYERS)
def test_scaling_keeps_the_network(rng, kind):
    model, x = build(rng, kind, scale=2), recordings(rng, 50)
    scaled = rescale(model, Teacher(model, x).errors(), [4] * len(model.weights))
    assert scaled(x[0]) == pytest.approx(model(x[0]), abs=1e-4)


def test_sequences_keep_rows_apart(rng):
    rows, sequences = rng.normal(0, 1, (9, 2)), Sequences([3, 1, 5])
    grid = sequences.grid(rows)
    assert grid.shape == (5, 3, 2)
    assert np.array_equal(grid[:, 2], rows[4:])
    assert not grid[1:, 1].any()
    assert np.array_equal(sequences.rows(grid), rows)
    before = np.vstack([np.zeros(2), rows[:2], np.zeros((2, 2)), rows[4:8]])
    assert np.array_equal(sequences.before(rows), before)
    picked, some = sequences.only(np.array([2, 0]))
    assert picked.tolist() == [4, 5, 6, 7, 8, 0, 1, 2]
    assert some.lengths.tolist() == [5, 3]
    assert [group.tolist() for group in sequences.groups(4)] == [[0, 1], [2]]


def test_rows_may_be_one_sequence_or_several(rng, monkeypatch):
    model, x = build(rng, "memory"), recordings(rng, 40, 30, 20)
    lengths = [len(some) for some in checked(x, model)]
    assert lengths == [40, 30, 20]
    assert [len(some) for some in checked(np.concatenate(x), model)] == [90]
    assert [len(some) for some in checked(np.stack([x[0][:20], x[2]]), model)] == [20, 20]
    monkeypatch.setattr(data, "ROWS", 55)
    drawn = checked(x, model)
    assert sum(map(len, drawn)) == 55
    begin = [some[: len(part)] for part in drawn for some in x if np.array_equal(some[0], part[0])]
    assert all(np.array_equal(a, b) for a, b in zip(drawn, begin, strict=True))
    with pytest.raises(ValueError, match=r"shape \(90, 4\); expected \(n, 5\)"):
        checked([np.concatenate(x)[:, :4]], model)


@pytest.mark.parametrize("features", ["log2", "magnitude"])
def test_recordings_run_from_their_beginnings(rng, features):
    signals = [rng.normal(0, 0.1, n) for n in (20_000, 17_000, 60_000)]
    front = Speech(features, "gain")
    found = Calibration(signals, frames=700).sequences(front)
    assert sum(map(len, found)) == 700
    assert max(map(len, found)) <= 512
    for rows in found:
        matches = 0
        for signal in signals:
            whole = Calibration([signal]).sequences(front)[0][: len(rows)]
            matches += whole.shape == rows.shape and np.array_equal(whole, rows)
        assert matches == 1
        assert not rows[0, : -spec.BINS].any()
