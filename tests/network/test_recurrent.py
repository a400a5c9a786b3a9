"""Recurrent layers: against PyTorch's GRU, in any cut, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from nibblestream import FloatModel
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.float_network import FloatNetwork
from nibblestream.network.front import Plain
from nibblestream.network.recurrent import RECURRENT

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


def test_a_first_layer_may_recur(rng):
    """Its inputs are the sums themselves."""
    model = FloatModel(
        "sums", (rng.normal(0, 1, (12, 4)),), (np.zeros(12),), activations=(RECURRENT,)
    )
    assert (model.inputs, model.outputs) == (12, 4)
    assert model(np.zeros((3, 12))).tolist() == [[0.0] * 4] * 3


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
