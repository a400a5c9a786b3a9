"""Schemes that measure errors on recordings: gptq, refit, distil, rescaling, budgets, auto."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compiled import assert_same
from networks import network, random_spectrum, relus
from nibblestream import QuantizedModel, quantize, spec
from nibblestream.network.float_model import FloatModel
from nibblestream.network.model import load_model
from nibblestream.network.scheme import CALIBRATED, NAMES
from nibblestream.quantize import Calibration, Scheme, lut_at, objective
from nibblestream.quantize import refit as descent
from nibblestream.quantize import search as searching
from nibblestream.quantize.budget import choose_bits
from nibblestream.quantize.calibrated import Student, nearest
from nibblestream.quantize.coded_layer import Unit
from nibblestream.quantize.distil import distil, network_error
from nibblestream.quantize.fisher import curvature
from nibblestream.quantize.gptq import gptq
from nibblestream.quantize.levels import Grid, nearest_codes
from nibblestream.quantize.objective import LayerError, layer_error
from nibblestream.quantize.refit import descend, fit_table, refit
from nibblestream.quantize.rescale import rescale
from nibblestream.quantize.search import pivots, search
from nibblestream.quantize.teacher import Teacher
from nibblestream.speech.front import Speech

LOG2, MAGNITUDES = Speech("log2", "gain"), Speech("magnitude", "gain")
pytestmark = pytest.mark.numeric

Float = np.ndarray


def noisy(rng: np.random.Generator, seconds: float = 6) -> Float:
    """Noise whose level and colour wander, roughly as speech in noise does."""
    n = int(seconds * spec.SAMPLE_RATE)
    level = np.exp(2 * np.sin(np.arange(n) / 900) + np.sin(np.arange(n) / 5000))
    white = rng.normal(0, 0.02, n) * level
    return np.asarray(np.clip(white + np.concatenate([[0], white[:-1]]), -1, 1))


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    rng = np.random.default_rng(5)
    return Calibration([noisy(rng) for _ in range(2)], frames=600)


@pytest.fixture(scope="module")
def small() -> FloatModel:
    return network(hidden=(24,))


def correlated(rng: np.random.Generator, out: int = 6, n: int = 12, rows: int = 1) -> LayerError:
    """A layer's error with strongly correlated inputs, a bias, and outputs that do not interact."""
    x = rng.normal(0, 1, (rows, 200, n + 1)) @ rng.normal(0, 1, (n + 1, n + 1))
    hessian = x.transpose(0, 2, 1) @ x / 200 + 1e-3 * np.eye(n + 1)
    target = rng.laplace(0, 0.1, (out, n + 1))
    return LayerError(target, hessian, np.diag(rng.uniform(0.5, 2, out)), n)


def coupled(rng: np.random.Generator, out: int = 6, n: int = 12) -> LayerError:
    """A layer's error with strongly correlated inputs and outputs that interact strongly."""
    effects = rng.normal(0, 1, (out, out)) + 1.5
    return replace(correlated(rng, out, n), coupling=effects.T @ effects + 1e-2 * np.eye(out))


TABLE = lut_at([-0.3, -0.1, 0.05, 0.25], 8, 2)


# --- the quadratic error -----------------------------------------------------------------------


@pytest.mark.parametrize("own", [True, False])
def test_the_error_is_that_of_the_outputs(
    rng: np.random.Generator, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = 3
    monkeypatch.setattr(objective, "OWN", out * 32**2 - (not own))
    x = rng.normal(0.3, 1, (300, 31)).astype(np.float32)
    exact = rng.normal(0, 0.2, (out, 32))
    z = (x @ exact[:, :-1].T + exact[:, -1]).astype(np.float32)
    # What all outputs share is a factor of the frame times one of the output.
    seen = np.outer(rng.uniform(0.1, 2, 300), rng.uniform(0.5, 2, out)).astype(np.float32)
    error = layer_error(exact, x, z, seen, None, biased=True)
    assert len(error.hessian) == (out if own else 1)
    other = exact + rng.normal(0, 0.1, exact.shape)
    lost = (z - x @ other[:, :-1].T - other[:, -1]) ** 2
    expected = np.mean(seen * lost, axis=0).sum()
    assert error.of(other) == pytest.approx(expected, rel=0.03)  # the damping
    assert error.of(exact) < 1e-6 * expected


def test_the_target_makes_up_for_other_inputs(rng: np.random.Generator) -> None:
    x = rng.normal(0, 1, (2000, 8)).astype(np.float32)
    weights = rng.normal(0, 0.2, (5, 8))
    z = (x @ weights.T).astype(np.float32)
    error = layer_error(weights, 1.25 * x, z, np.ones_like(z), None, biased=False)
    assert np.allclose(error.target, weights / 1.25, atol=0.01)


def test_hidden_frames_do_not_count(rng: np.random.Generator) -> None:
    x = rng.normal(0, 1, (1000, 4)).astype(np.float32)
    weights = rng.normal(0, 0.2, (2, 4))
    z = (x @ weights.T).astype(np.float32)
    z[500:] = 9
    seen = np.ones_like(z)
    seen[500:] = 0
    error = layer_error(weights, x, z, seen, None, biased=False)
    assert error.of(weights) < 1e-9


# --- gptq ----------------------------------------------------------------------------------------


def test_without_correlation_gptq_takes_the_nearest(rng: np.random.Generator) -> None:
    error = replace(correlated(rng), hessian=np.diag(rng.uniform(0.5, 2, 13))[None])
    grid = Grid(TABLE.values, 12)
    assert np.array_equal(gptq(error, grid), nearest(error, grid))


@pytest.mark.parametrize("rows", [1, 6])
def test_gptq_is_the_published_loop(rng: np.random.Generator, rows: int) -> None:
    # Algorithm 1 of the paper without its blocks and with the inverse updated by elimination.
    error = correlated(rng, rows=rows)
    found = gptq(error, Grid(TABLE.values, 12))
    strength = np.einsum("oii->i", error.hessian)[:12]
    order = [12, *np.argsort(-strength, kind="stable")]
    for row, hessian in enumerate(np.broadcast_to(error.hessian, (6, 13, 13))):
        w, inverse = error.target[row].copy(), np.linalg.inv(hessian)
        left = list(order)
        for j in order:
            step = spec.BIAS.resolution
            q = (
                TABLE.values[np.abs(TABLE.values - w[j]).argmin()]
                if j < 12
                else np.clip(np.round(w[j] / step), -128, 127) * step
            )
            left.remove(j)
            w[left] -= (w[j] - q) / inverse[j, j] * inverse[j, left]
            w[j] = q
            inverse = inverse - np.outer(inverse[:, j], inverse[j]) / inverse[j, j]
        assert np.allclose(found[row], w)


def test_feedback_pays(rng: np.random.Generator) -> None:
    error = correlated(rng, 50, 40)
    grid = Grid(TABLE.values, 40)
    assert error.of(gptq(error, grid)) < 0.7 * error.of(nearest(error, grid))


def test_curvature_is_what_moving_a_weight_costs(rng: np.random.Generator) -> None:
    error = correlated(rng)
    moved = error.target.copy()
    moved[2, 3] += 0.5
    plain = curvature(error, feedback=False)[2, 3]
    assert error.of(moved) == pytest.approx(plain * 0.25)
    # With feedback the other weights of the neuron take the least-squares solution.
    others = [j for j in range(13) if j != 3]
    H = error.hessian[0]
    moved[2, others] -= np.linalg.solve(H[np.ix_(others, others)], H[others, 3] * 0.5)
    assert error.of(moved) == pytest.approx(curvature(error, feedback=True)[2, 3] * 0.25)


# --- refit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 6])
def test_refit_never_costs_more(rng: np.random.Generator, rows: int) -> None:
    for _ in range(3):
        error = correlated(rng, rows=rows)
        scheme = Scheme("refit", 2)
        values = gptq(error, Grid(TABLE.values, 12))
        after, lut = fit_table(error, values, TABLE, range(6))
        assert error.of(after) <= error.of(values) + 1e-12
        down = descend(error, after, Grid(lut.values, 12))
        assert error.of(down) <= error.of(after) + 1e-12
        best, lut = refit(error, values, TABLE, scheme, 5, spec.BIAS)
        assert error.of(best) <= error.of(down) + 1e-12
        assert np.isin(best[:, :12], lut.values).all()
        assert (np.diff(lut.values) >= 0).all()


def test_refit_never_costs_more_where_outputs_interact(rng: np.random.Generator) -> None:
    for _ in range(3):
        error = coupled(rng, out=20)
        values = gptq(error, Grid(TABLE.values, 12))
        best, lut = refit(error, values, TABLE, Scheme("refit", 2), 5, spec.BIAS)
        assert error.of(best) <= error.of(values)
        assert np.isin(best[:, :12], lut.values).all()


def test_descent_ends_where_no_single_change_helps(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "GROUP", 1)  # outputs of a group are taken for independent
    error, grid = coupled(rng, n=5), Grid(TABLE.values, 5)
    values = gptq(error, grid)
    for _ in range(50):
        before, values = values, descend(error, values, grid)
    assert np.array_equal(before, values)
    least = error.of(values)
    for row, column, level in product(range(6), range(5), TABLE.values):
        moved = values.copy()
        moved[row, column] = level
        assert error.of(moved) >= least - 1e-12


def test_the_fitted_table_is_the_best_for_its_codes(rng: np.random.Generator) -> None:
    # Of all tables of m = 3: 16 values for each of 4 entries, one k.
    error = correlated(rng, 3, 5)
    start = lut_at([-0.5, -0.25, 0.125, 0.5], 3, 1)
    values = gptq(error, Grid(start.values, 5))
    codes = nearest_codes(values[:, :5], start)
    grid = np.unique(np.concatenate([np.arange(-4, 4) / 4, np.arange(-4, 4) / 8]))
    least = min(
        error.of(np.concatenate([np.array(v)[codes], values[:, 5:]], axis=1))
        for v in product(grid, repeat=4)
    )
    found, _ = fit_table(error, values, start, range(1, 2))
    assert error.of(found) <= 1.02 * least  # coordinate descent may end beside the best


def test_descent_takes_the_best_value_of_each_column(rng: np.random.Generator) -> None:
    error = correlated(rng, n=1)
    values = np.full((6, 2), TABLE.values[0])
    down = descend(error, values, Grid(TABLE.values, 1))
    for row in range(6):
        alone = replace(error, coupling=np.diag(np.eye(6)[row]))
        tried = []
        for level in TABLE.values:
            moved = values.copy()
            moved[row, 0] = level
            tried.append(alone.of(moved))
        assert down[row, 0] == TABLE.values[np.argmin(tried)]


# --- search --------------------------------------------------------------------------------------


def test_pivots_take_first_what_the_rest_can_compensate_least(rng: np.random.Generator) -> None:
    hessian = correlated(rng).hessian[0]
    order, factor = pivots(np.linalg.inv(hessian), np.array([12]))
    left = [i for i in range(13) if i != 12]
    for i in order[1:]:
        cost = 1 / np.diag(np.linalg.inv(hessian[np.ix_(left, left)]))
        assert i == left[np.argmax(cost)]
        left.remove(i)
    assert order[0] == 12
    assert np.array_equal(factor, np.triu(factor))
    assert factor.T @ factor == pytest.approx(np.linalg.inv(hessian[np.ix_(order, order)]))


@pytest.mark.parametrize("rows", [1, 5])
def test_keeping_all_roundings_finds_the_best(
    rng: np.random.Generator, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "KEPT", (2**6, 2**6))
    error = correlated(rng, 5, 5, rows)
    levels = np.array([-0.1, 0.15])
    error = replace(error, inputs=6)  # no bias
    found = search(error, Grid(levels, 6))
    every = np.array([*product(levels, repeat=6)])
    for row, hessian in enumerate(np.broadcast_to(error.hessian, (5, 6, 6))):
        away = every - error.target[row]
        least = np.einsum("ci,ij,cj->c", away, hessian, away)
        assert np.array_equal(found[row], every[np.argmin(least)])


def test_outputs_compensate_as_inputs_do(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An output of many inputs, and many outputs of one input: the same closest vector problem.
    monkeypatch.setattr(searching, "KEPT", (1, 1))
    monkeypatch.setattr(searching, "GROUP", 1)
    across = replace(correlated(rng, 1, 12), coupling=np.eye(1), inputs=13)
    down = LayerError(across.target.T, np.eye(1)[None], across.hessian[0], 1)
    found = search(across, Grid(TABLE.values, 13))
    assert np.array_equal(found, search(down, Grid(TABLE.values, 1)).T)
    assert not np.array_equal(found, nearest(across, Grid(TABLE.values, 13)))


def test_search_finds_better_codes_than_gptq(rng: np.random.Generator) -> None:
    grid = Grid(TABLE.values, 40)
    for error in (correlated(rng, 30, 40, 30), coupled(rng, 30, 40)):
        assert error.of(search(error, grid)) < 0.9 * error.of(gptq(error, grid))


# --- whole networks ------------------------------------------------------------------------------


def output_error(model: FloatModel, coded: QuantizedModel, calibration: Calibration) -> float:
    """RMS of the gain error against the float network on the calibration frames."""
    teacher = Teacher(model, calibration)
    x = teacher.inputs.astype(np.float64)
    for layer in coded.layers:
        x = x @ (layer.decoded * 2.0**-layer.weight_frac).T + spec.BIAS.to_float(layer.bias)
        x = layer.activation(x)
    return teacher.error(x) ** 0.5


def test_each_scheme_goes_on_where_another_ends(
    small: FloatModel, calibration: Calibration
) -> None:
    error = {
        name: output_error(small, quantize(small, name, 3, calibration=calibration), calibration)
        for name in ("rs-vbs", "kmeans", *CALIBRATED)
    }
    assert error["gptq"] < 0.7 * error["fisher"] < 0.7 * error["rs-vbs"]
    assert error["refit"] < error["gptq"]
    # `distil` keeps the better of the two by a float32 error; this one is float64.
    assert error["distil"] <= error["refit"] * (1 + 1e-6)
    assert error["auto"] < error["gptq"]


@pytest.mark.parametrize(("features", "head"), [("log2", "gain"), ("magnitude", "magnitude")])
@pytest.mark.parametrize("hidden", [(), (12, 9), (10, 8, 6)])
@pytest.mark.parametrize("name", ["fisher", "auto"])
def test_networks_of_any_depth(
    name: str, hidden: tuple[int, ...], features: str, head: str, calibration: Calibration
) -> None:
    model = network(features, head, hidden)
    bits = (2, 3, 4, 2)[: len(hidden) + 1]
    done = quantize(model, name, bits, calibration=calibration)
    assert tuple(layer.bits for layer in done.layers) == bits
    (found,) = {layer.scheme.name for layer in done.layers}
    assert found in NAMES if name == "auto" else found == name  # auto may choose another
    assert done.origin == model.digest
    again = QuantizedModel.from_content(*done.content())
    assert again.digest == done.digest


def test_layers_without_relu(calibration: Calibration) -> None:
    model = replace(network(hidden=(10, 8)), activations=relus(False, True, False))
    done = quantize(model, "auto", 4, calibration=calibration)
    assert tuple(layer.activation for layer in done.layers) == relus(False, True, False)
    papers = quantize(model, "rs-vbs", 4)
    ours, theirs = (output_error(model, q, calibration) for q in (done, papers))
    assert ours < theirs


@pytest.mark.parametrize("name", ["fisher", "auto"])
@pytest.mark.parametrize("what", ["zero", "equal", "few", "dead"])
def test_networks_with_little_in_them(name: str, what: str, calibration: Calibration) -> None:
    model = network(hidden=(5,))
    first, last = model.weights
    first = {
        "zero": 0 * first,
        "equal": 0 * first + 0.02,
        "few": np.sign(first) * 0.01,
        "dead": first,
    }[what]
    biases = (model.biases[0] - (9 if what == "dead" else 0), model.biases[1])
    biases = tuple(np.clip(b, -1, 1) for b in biases)
    model = replace(model, weights=(first, last), biases=biases)
    done = quantize(model, name, 3, calibration=calibration)
    assert output_error(model, done, calibration) < 0.2


def test_networks_without_biases_stay_without(calibration: Calibration) -> None:
    model = network("magnitude", "magnitude", (9,))
    model = replace(model, biases=tuple(0 * b for b in model.biases))
    done = quantize(model, "auto", 3, calibration=calibration)
    assert not any(layer.bias.any() for layer in done.layers)


def test_parameters_reach_the_layers(small: FloatModel, calibration: Calibration) -> None:
    done = quantize(small, "refit", (4, 3), m=(6, 8), k=(None, 2), calibration=calibration)
    assert [(layer.bits, layer.m) for layer in done.layers] == [(4, 6), (3, 8)]
    assert done.layers[1].k == 2


def test_schemes_mix(small: FloatModel, calibration: Calibration) -> None:
    done = quantize(small, ("rs-vbs", "distil"), 4, calibration=calibration)
    papers = quantize(small, "rs-vbs", 4)
    assert np.array_equal(done.layers[0].codes, papers.layers[0].codes)
    assert np.array_equal(done.layers[0].bias, papers.layers[0].bias)
    # The second layer makes up for what the first lost.
    alone = quantize(small, ("rs-vbs", "kmeans"), 4)
    assert output_error(small, done, calibration) < 0.8 * output_error(small, alone, calibration)


def test_the_kernels_give_the_same_bits(
    small: FloatModel, calibration: Calibration, rng: np.random.Generator, kernel_cache: Path
) -> None:
    done = quantize(small, ("auto", "kmeans"), (3, 4), calibration=calibration)
    assert_same(done, random_spectrum(rng, 40))


# --- distil --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_distil_never_costs_more(seed: int, calibration: Calibration) -> None:
    model = network(hidden=(12, 9), seed=seed)
    student = Student(model, calibration)
    coded = []
    for name in ("gptq", "fisher", "gptq"):
        coded.append(student.encode(Scheme(name, 2), Unit(5)))
        student.append(coded[-1])
    before = network_error(coded, student.teacher)
    done = distil(coded, student.teacher, [0, 2])
    assert network_error(done, student.teacher) < before
    assert done[1] is coded[1]
    for old, new in zip(coded, done, strict=True):
        assert np.array_equal(old.codes, new.codes)
        assert old.k == new.k


@pytest.mark.parametrize(("features", "head"), [("log2", "gain"), ("magnitude", "magnitude")])
def test_distils_gradient_is_that_of_autograd(
    features: str, head: str, calibration: Calibration
) -> None:
    """By tables and biases, at codes that differ from one CPU to the next, near a bend or not."""
    torch = pytest.importorskip("torch", reason="automatic differentiation needs PyTorch")
    from nibblestream.quantize.distil import _Tunable

    student = Student(network(features, head, (24,)), calibration)
    coded = []
    for _ in range(2):
        coded.append(student.encode(Scheme("gptq", 2), Unit(8)))
        student.append(coded[-1])
    teacher = student.teacher
    found = _Tunable(coded, teacher, [0, 1])._gradients(np.arange(len(teacher.inputs)))

    exact = [torch.tensor(v) for c in coded for v in (c.lut.values, spec.BIAS.to_float(c.bias))]
    x = torch.tensor(teacher.inputs).double()
    for layer, values, bias in zip(coded, exact[::2], exact[1::2], strict=True):
        weights = values.requires_grad_()[torch.tensor(layer.codes).long()]
        x = torch.relu(x @ weights.T + bias.requires_grad_())
    low, high = teacher.model.front.limits
    error = (x.clamp(low, high) - torch.tensor(teacher.target)).square().mean(dim=1)
    error = (error * torch.tensor(teacher.weight)).mean()
    assert float(error.detach()) == pytest.approx(network_error(coded, teacher), rel=1e-5)
    error.backward()
    for ours, theirs in zip(found, exact, strict=True):
        slope = 2 / (len(x) * spec.BINS) * ours
        assert slope == pytest.approx(
            theirs.grad.numpy(), abs=1e-3 * float(theirs.grad.abs().max())
        )


# --- hidden units scaled --------------------------------------------------------------------------


def test_scaling_keeps_the_network(calibration: Calibration) -> None:
    model = network(hidden=(20, 15))
    teacher = Teacher(model, calibration)
    scaled = rescale(model, teacher.errors(), [4, 4, 4])
    assert Teacher(scaled, calibration).target == pytest.approx(teacher.target, abs=1e-4)
    for old, new in zip(model.weights[:2], scaled.weights[:2], strict=True):
        assert not np.allclose(old, new)
        assert np.abs(new).max() <= 1
    assert all(np.abs(b).max() <= 1 for b in scaled.biases)
    assert np.array_equal(model.biases[2], scaled.biases[2])


def test_full_scale_weights_leave_no_room(calibration: Calibration) -> None:
    model = network(hidden=(6,))
    full = tuple(np.sign(w) for w in model.weights)
    model = replace(model, weights=full)
    scaled = rescale(model, Teacher(model, calibration).errors(), [4, 4])
    assert all(np.array_equal(a, b) for a, b in zip(scaled.weights, full, strict=True))


# --- budgets -------------------------------------------------------------------------------------


def test_the_choice_is_the_best_of_all() -> None:
    rng = np.random.default_rng(3)
    shapes = [(9, 16), (5, 9), (129, 5)]
    lost = {(i, n): float(rng.uniform(0.5, 2) * 4.0**-n) for i in range(3) for n in spec.CODE_BITS}
    sizes = {(i, n): -(-shapes[i][0] * shapes[i][1] * n // 8) for i, n in lost}
    every = [list(bits) for bits in product(spec.CODE_BITS, repeat=3)]
    before = np.inf
    for budget in range(215, 900, 7):
        fits = [b for b in every if sum(sizes[i, n] for i, n in enumerate(b)) <= budget]
        least = min(sum(lost[i, n] for i, n in enumerate(b)) for b in fits)
        found = choose_bits(shapes, budget, lambda i, n: lost[i, n])
        assert found in fits
        error = sum(lost[i, n] for i, n in enumerate(found))
        assert error == pytest.approx(least)
        assert error <= before
        before = error


def test_budgets_are_kept(small: FloatModel, calibration: Calibration) -> None:
    least = quantize(small, "kmeans", 2).ideal_bytes
    before = np.inf
    for budget in (least, 2 * least, 4 * least):
        done = quantize(small, "gptq", budget=int(budget), calibration=calibration)
        assert done.ideal_bytes <= budget
        error = output_error(small, done, calibration)
        assert error <= 1.05 * before
        before = error
    assert [layer.scheme.name for layer in done.layers] == ["u-vbs"] * 2
    with pytest.raises(
        ValueError, match=f"is {least - 1} bytes; expected at least {least}, which is 2 bits"
    ):
        quantize(small, budget=least - 1, calibration=calibration)


# --- calibration ---------------------------------------------------------------------------------


def test_inputs_are_the_pipelines(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nibblestream import Enhancer
    from nibblestream.network import lutmac

    signals = [noisy(rng, seconds) for seconds in (2, 1.1, 3)]
    for features in ("log2", "magnitude"):
        found = Calibration(signals, frames=10_000).inputs(Speech(features, "gain"))
        seen: list[np.ndarray] = []
        whole = lutmac.LutMac.__call__

        def spy(self: Any, x: np.ndarray, seen: Any = seen, whole: Any = whole) -> np.ndarray:
            if x.shape[1] == 1032:
                seen.append(x)
            return whole(self, x)

        monkeypatch.setattr(lutmac.LutMac, "__call__", spy)
        model = quantize(network(features, hidden=(3,)))
        with Enhancer(model) as enhancer:
            for signal in signals:
                enhancer.enhance(signal, 8000)
        monkeypatch.undo()
        rows = np.concatenate(seen) * model.layers[0].input_format.resolution
        theirs = {row.tobytes() for row in rows.astype(np.float32)}
        ours = {row.tobytes() for row in found}
        assert ours <= theirs
        assert len(ours) > 0.9 * len(theirs)  # flushing adds frames of silence


def test_frames_are_drawn_by_the_seed(rng: np.random.Generator) -> None:
    signals = [noisy(rng, 3), noisy(rng, 2)]
    one, same, other = (Calibration(signals, frames=300, seed=s) for s in (1, 1, 2))
    assert len(one) == 300
    assert np.array_equal(one.inputs(LOG2), same.inputs(LOG2))
    assert not np.array_equal(one.inputs(LOG2), other.inputs(LOG2))
    single = replace(MAGNITUDES, context=1)  # the last of eight stacked frames is the present one
    assert np.array_equal(one.inputs(MAGNITUDES)[:, -spec.BINS :], one.inputs(single))


@pytest.mark.parametrize(
    ("signals", "error", "message"),
    [
        ([], ValueError, "found 0 frames"),
        ([np.zeros(1000)], ValueError, "found 16 frames"),
        ([np.zeros((9000, 2))], ValueError, r"shape \(9000, 2\); expected \(n,\)"),
        ([np.zeros(0)], ValueError, r"shape \(0,\)"),
        ([np.full(90000, np.nan)], ValueError, "NaN"),
        ([np.zeros(90000, int)], TypeError, "expected floats"),
    ],
)
def test_calibration_refuses(signals: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Calibration(signals)


@pytest.mark.parametrize("name", [n for n in CALIBRATED if n != "auto"])
def test_schemes_say_that_they_need_it(name: str, small: FloatModel) -> None:
    with pytest.raises(ValueError, match=f"{name} needs calibration"):
        quantize(small, (name, "u"), (4, 8))


def test_a_budget_says_that_it_needs_it(small: FloatModel) -> None:
    with pytest.raises(ValueError, match="a budget needs calibration"):
        quantize(small, budget=100_000)


def test_calibration_is_no_array(small: FloatModel) -> None:
    with pytest.raises(TypeError, match="calibration is a ndarray; expected a Calibration"):
        quantize(small, "auto", calibration=np.zeros(8000))  # type: ignore[arg-type]


def test_auto_without_calibration_is_data_free(small: FloatModel) -> None:
    done = quantize(small, "auto", 3)
    assert done.digest == quantize(small, "kmeans", 3).digest
    assert done.layers[0].scheme.name == "kmeans"


# --- what was, stays -----------------------------------------------------------------------------

PINNED = {
    ("mlp-float", "rs-vbs", 4): (
        "1b8853cb282c9fc5c17cb6920f804236f6a1f283ba1370e259e1df6d7b7d6317"
    ),
    ("mlp-float", "u", 8): (
        "61acd6931f260497f718482cb52a39bf156a56401d75bdfa4ce54a759ca9c27c"
    ),
    ("mlp-float", "u", 4): (
        "22428aa4c9404abbe0364665a0a34507a0d4bbb326a40d3cc2d1436e3b6f7fbf"
    ),
    ("mlp-float", ("rs-vbs", "u"), (4, 8)): (
        "e73149b48c78b91349866380a04c66d5635adc0337262ea3f151dda89280096d"
    ),
    ("mlp-float", "rs", 3): (
        "ee3646bf5fd3e82c5b2c62332396b3d3e0bfece0d33f497ca2a2d76525d6ca34"
    ),
    ("mlp-float", "u-vbs", 2): (
        "a0e79f0a50e8efcc05f8855f4a15302c716a2e5f3034029cbb601f1ed7252a43"
    ),
    ("paper-float", "rs-vbs", 4): (
        "b3449a62468ef01de85d1b7f2fe8efaf098de6b795b1ff6544a3807e8ed0524e"
    ),
    ("paper-float", "u", 8): (
        "7551bdac21551a87107e318ab51a1a4228736020641fbe9001d8d4c47bd84ec5"
    ),
    ("paper-float", "u", 4): (
        "52a5750628eecd0885f0f63f4f852920ac89a3795a8b6aca55da2e4501a6886a"
    ),
    ("paper-float", ("rs-vbs", "u"), (4, 8)): (
        "175d00b9c920fb9d9fe4c827c5f4e4808e3be4178527a39737314cc8d893026b"
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", PINNED, ids=str)
def test_the_papers_schemes_give_what_they_gave(row: tuple[str, Any, Any]) -> None:
    name, scheme, bits = row
    assert quantize(FloatModel.load(name), scheme, bits).digest == PINNED[row]


@pytest.mark.parametrize("name", ["mlp", "paper"])
def test_bundled_models_are_quantized_from_bundled_ones(name: str) -> None:
    bundled = load_model(name)
    made = quantize(FloatModel.load(f"{name}-float"))
    assert replace(made, name=bundled.name).digest == bundled.digest
