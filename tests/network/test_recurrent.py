"""Recurrent layers: against PyTorch's GRU and an oracle, in any cut, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slow_integers
from nibblestream import FloatModel, Predictor, QuantizedModel, quantize, spec
from nibblestream.hardware.traffic import layers_of
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.float_network import FloatNetwork
from nibblestream.network.front import Plain
from nibblestream.network.lutmac import Network
from nibblestream.network.product import Product
from nibblestream.network.recurrent import RECURRENT, Sums, recur

pytestmark = pytest.mark.numeric


def recurring(
    rng: np.random.Generator, units: tuple[int, ...] = (9, 5), inputs: int = 7, size: float = 1.5
) -> FloatModel:
    """A plain network of a ReLU layer, GRUs of two layers each, and a linear layer."""
    shapes, cells, before = [(11, inputs)], [RELU], 11
    for count in units:
        shapes += [(3 * count, before), (3 * count, count)]
        cells += [LINEAR, RECURRENT]
        before = count
    shapes.append((4, before))
    return FloatModel(
        "recurs",
        tuple(rng.normal(0, size * n**-0.5, (out, n)) for out, n in shapes),
        tuple(rng.normal(0, 0.4, out) for out, _ in shapes),
        Plain(4.0),
        activations=(*cells, LINEAR),
        scaled=True,
    )


def interleaved(rows: np.ndarray) -> np.ndarray:
    """PyTorch's rows, all of r, of z and of n, as rows of r, z and n of each unit."""
    return np.stack(np.split(rows, 3), axis=1).reshape(rows.shape)


@pytest.mark.parametrize("layers", [1, 2])
def test_equals_pytorchs_gru(rng, layers):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    gru = torch.nn.GRU(6, 10, layers).double()
    weights, biases = [], []
    for layer in range(layers):
        for side in ("ih", "hh"):
            for name, found in (("weight", weights), ("bias", biases)):
                array = getattr(gru, f"{name}_{side}_l{layer}").detach().mul_(2).numpy()
                found.append(interleaved(array))
    cells = (LINEAR, RECURRENT) * layers
    model = FloatModel("gru", tuple(weights), tuple(biases), Plain(4.0), activations=cells)
    x = rng.normal(0, 2, (50, 6))
    with torch.no_grad():
        expected = gru(torch.from_numpy(x))[0].numpy()
    assert (model.inputs, model.outputs) == (6, 10)
    assert model(x) == pytest.approx(expected, abs=1e-5)
    assert FloatNetwork(model, np.float32).process(x.astype(np.float32)) == pytest.approx(
        expected, abs=1e-5
    )


def test_floats_run_on(rng):
    model, x = recurring(rng), rng.normal(0, 1, (30, 7))
    network = FloatNetwork(model)
    parts = [network.process(x[a:b]) for a, b in pairwise([0, 1, 1, 9, 30])]
    assert np.concatenate(parts) == pytest.approx(model(x), abs=1e-12)
    network.reset()
    assert network.process(x[:5]) == pytest.approx(model(x[:5]), abs=1e-12)


def test_a_first_layer_that_recurs_is_refused(rng):
    with pytest.raises(ValueError, match="layer 0 is recurrent; expected an ordinary layer"):
        FloatModel("sums", (np.zeros((12, 4)),), (np.zeros(12),), activations=(RECURRENT,))


def test_float_files_hold_it(rng, tmp_path):
    trained = recurring(rng)
    trained.save(tmp_path / "float.npz")
    loaded = FloatModel.load(tmp_path / "float.npz")
    assert loaded.activations == trained.activations
    assert "layer 2: 9 -> 27, 972 bytes, GRU" in loaded.describe()


@pytest.mark.parametrize("shape", [(27, 8), (24, 8), (27, 27), (9, 27)])
def test_weights_of_another_shape_are_refused(rng, shape):
    model = recurring(rng)
    weights = list(model.weights)
    weights[2] = np.zeros(shape)
    with pytest.raises(ValueError, match=rf"layer 2: weights of a recurrent .*\({shape[0]}, "):
        replace(model, weights=tuple(weights))


# --- integers -------------------------------------------------------------------------------------
def oracle(model: QuantizedModel, rows: np.ndarray) -> list[list[int]]:
    """The network, one number at a time."""
    states = [[0] * layer.width for layer in model.layers]
    out = []
    for row in rows.tolist():
        for layer, state in zip(model.layers, states, strict=True):
            if layer.activation == RECURRENT:
                row = slow_integers.gru(row, layer, state)
            else:
                row = slow_integers.layer(row, layer)
        out.append(row)
    return out


@pytest.mark.parametrize("size", [0.05, 1.5, 40.0])
@pytest.mark.parametrize(("scheme", "bits"), [("kmeans", 4), ("rs-vbs", 3), ("u", 2), ("u", 8)])
def test_equals_the_oracle(rng, scheme, bits, size):
    """Also with weights so small or large that shifts are at their limits and sums saturate."""
    model = quantize(recurring(rng, size=size), scheme, bits)
    word = model.front.input_format
    x = rng.integers(word.low, word.high + 1, (12, model.inputs), dtype=np.int32)
    assert Network(model).process(x).tolist() == oracle(model, x)


def test_sums_of_n_saturate(rng):
    """Biases of +-1000 saturate at +-256, where a small r still tells the difference."""
    trained = recurring(rng, (9,))
    biases = [*trained.biases]
    biases[2] = np.ravel([(-5.0, 0.0, sign * 1000.0) for sign in rng.choice([-1, 1], 9)])
    model = quantize(replace(trained, biases=tuple(biases)), "kmeans", 4)
    x = rng.integers(-(2**13), 2**13, (12, 7), dtype=np.int32)
    assert Network(model).process(x).tolist() == oracle(model, x)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 60), max_size=6))
def test_any_cut_gives_the_same(seed, cuts):
    rng = np.random.default_rng(seed)
    model = quantize(recurring(rng, (3,)), "kmeans", 4)
    x = rng.integers(-(2**15), 2**15, (60, model.inputs), dtype=np.int32)
    network, whole = Network(model), Network(model).process(x)
    parts = [network.process(x[a:b]) for a, b in pairwise([0, *sorted(cuts), 60])]
    assert np.array_equal(np.concatenate(parts), whole)
    network.reset()
    assert np.array_equal(network.process(x), whole)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_the_state_never_leaves_its_range(seed, shift):
    """Whatever the gates: even from the ends of the range, with the largest sums."""
    rng = np.random.default_rng(seed)
    one, most = 1 << spec.STATE.frac, 1 << (spec.CURVE_INPUT_BITS + shift)
    extremes = [-most, -most // 8, -1, 0, 1, most // 8, most - 1]
    sums = rng.choice(extremes, (50, 3 * 10)).astype(np.int64)
    weights, bias = rng.integers(-(2**17), 2**17, (1, 10, 30)), rng.choice(extremes, (1, 1, 30))
    matrix = Sums(Product(weights, bias.astype(np.float64)), shift)
    state = rng.choice([-one, -one + 1, 0, one - 1, one], 10).astype(np.int64)
    for _ in range(3):
        outputs, state = recur(sums, state, matrix)
        assert np.abs(state).max() <= one
        assert np.abs(outputs).max() <= 1 << spec.CURVE.frac


def test_integers_follow_floats(rng):
    trained = recurring(rng, (40, 30), inputs=20)
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


def test_files_hold_it(rng, tmp_path):
    model = quantize(recurring(rng), "kmeans", 4)
    model.save(tmp_path / "m.npz")
    loaded = QuantizedModel.load(tmp_path / "m.npz")
    assert loaded.digest == model.digest
    assert [layer.width for layer in loaded.layers] == [11, 27, 9, 15, 5, 4]
    assert [layer.taken for layer in loaded.layers] == [7, 11, 27, 9, 15, 5]
    assert [layer.stored for layer in loaded.layers] == [11, 27, 9, 15, 5, 4]
    assert [traffic.row for traffic in layers_of(loaded)] == [
        (layer.stored, layer.taken) for layer in loaded.layers
    ]
    assert "GRU" in loaded.describe()


@pytest.mark.parametrize("size", [2.0**-20, 2.0**20])
def test_large_inputs_leave_room_in_the_accumulator(rng, size):
    """Inputs of any range beside weights of any size: fewer bits for the weights make room."""
    model = recurring(rng, (4,))
    weights = [*model.weights]
    weights[1] = weights[1] * np.float32(size)
    quantized = quantize(replace(model, weights=tuple(weights)), "kmeans", 4)
    x = rng.integers(-(2**15), 2**15, (5, 7), dtype=np.int32)
    assert Network(quantized).process(x).tolist() == oracle(quantized, x)


@pytest.mark.parametrize(("units", "fits"), [(144, True), (147, False)])
def test_codes_beyond_the_kernels_memory_are_refused(rng, units, fits):
    """147 units of 4-bit codes take 441 rows of 10 beats."""
    shapes = ((3 * units, 2), (3 * units, units))
    model = FloatModel(
        "large",
        tuple(rng.normal(0, 0.05, shape) for shape in shapes),
        (np.zeros(3 * units),) * 2,
        activations=(LINEAR, RECURRENT),
        scaled=True,
    )
    if fits:
        assert quantize(model, "kmeans", 4).outputs == units
    else:
        with pytest.raises(ValueError, match=r"147 units are 4410 beats; .* keeps 4096"):
            quantize(model, "kmeans", 4)


def test_finer_inputs_than_sums_are_refused(rng):
    layer = quantize(recurring(rng), "kmeans", 4).layers[2]
    word = replace(layer.input_format, frac=layer.accumulator_frac + 1)
    with pytest.raises(ValueError, match=r"fractional bits; expected .* or fewer, as the sums"):
        replace(layer, input_format=word)


def test_inputs_beyond_the_accumulator_are_refused(rng):
    """Their magnitude counts in the bound like that of a bias."""
    layer = quantize(recurring(rng), "kmeans", 4).layers[2]
    room = spec.ACCUMULATOR_BITS - layer.accumulator_bits
    assert room > 1
    for frac, fits in ((layer.accumulator_frac - 22, True), (layer.accumulator_frac - 23, False)):
        word = replace(layer.input_format, frac=frac)
        if fits:
            assert replace(layer, input_format=word).accumulator_bits == spec.ACCUMULATOR_BITS
        else:
            with pytest.raises(ValueError, match=r"49 bits, but the accumulator has 48"):
                replace(layer, input_format=word)


@pytest.mark.parametrize("quantized", [False, True])
def test_rows_of_a_predictor_follow_on_one_another(rng, quantized):
    model, x = recurring(rng), rng.normal(0, 1, (20, 7)).clip(-4, 4)
    model = quantize(model, "kmeans", 4) if quantized else model
    with Predictor(model) as whole, Predictor(model) as cut:
        parts = [cut.predict(x[a:b]) for a, b in pairwise([0, 3, 3, 11, 20])]
        assert np.concatenate(parts) == pytest.approx(whole.predict(x), abs=1e-12)
