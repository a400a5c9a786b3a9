"""Networks from PyTorch: the same outputs, or refused by the name of what does not fit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from compiled import assert_same
from networks import random_spectrum
from nibblestream import Enhancer, quantize
from nibblestream.importing import from_torch
from nibblestream.network.float_model import FloatModel
from nibblestream.network.topology import INPUTS

pytestmark = pytest.mark.numeric

GAIN = {"features": "log2", "head": "gain", "gain_floor": 0.1}
MAGNITUDE = {"features": "magnitude", "head": "magnitude"}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


def last_outputs(model: FloatModel, x: np.ndarray) -> np.ndarray:
    """The outputs of the last layer, in float64."""
    for weights, bias, relu in zip(model.weights, model.biases, model.relu, strict=True):
        x = x @ weights.T.astype(np.float64) + bias
        x = np.maximum(x, 0) if relu else x
    return x


def assert_outputs_of(module: nn.Module, model: FloatModel, rng: np.random.Generator) -> None:
    x = rng.uniform(-1, 1, (20, INPUTS))
    with torch.no_grad():
        expected = module.double()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(last_outputs(model, x), expected, atol=1e-6)


def normalised(width: int) -> nn.BatchNorm1d:
    """A batch normalisation with statistics and scales of its own."""
    norm = nn.BatchNorm1d(width)
    for tensor in (norm.weight.data, norm.running_var):
        tensor.uniform_(0.8, 1.25)
    for tensor in (norm.bias.data, norm.running_mean):
        tensor.uniform_(-0.3, 0.3)
    return norm


def test_layers_and_relus_are_found(rng):
    module = nn.Sequential(
        nn.Linear(INPUTS, 12),
        nn.ReLU(),
        nn.Sequential(nn.Dropout(), nn.Linear(12, 9, bias=False), nn.Identity()),
        nn.Linear(9, 129),
    )
    model = from_torch(module, name="mine", **GAIN)
    assert (model.name, model.features, model.head, model.gain_floor) == ("mine", *GAIN.values())
    assert [w.shape for w in model.weights] == [(12, INPUTS), (9, 12), (129, 9)]
    assert model.relu == (True, False, False)
    assert not model.biases[1].any()
    assert module.training  # it is left as it was
    for layer, weights in zip((module[0], module[2][1], module[3]), model.weights, strict=True):
        np.testing.assert_array_equal(layer.weight.detach().numpy(), weights)
    assert_outputs_of(module.eval(), model, rng)


def test_functions_and_methods_are_followed(rng):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(INPUTS, 8), nn.Linear(8, 129)

        def forward(self, x):
            return self.last(torch.relu(self.first(x.flatten(1))).relu())

    module = Net()
    model = from_torch(module, **MAGNITUDE)
    assert model.relu == (True, False)
    assert_outputs_of(module, model, rng)


def test_a_single_layer_is_a_network(rng):
    module = nn.Linear(INPUTS, 129)
    assert_outputs_of(module, from_torch(module, **GAIN), rng)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_batch_normalisation_is_folded(rng, place):
    """Before the first layer, between a layer and its ReLU, after the ReLU, after the last."""
    parts = [nn.Linear(INPUTS, 6), nn.ReLU(), nn.Linear(6, 7), nn.Linear(7, 129)]
    norm = normalised([INPUTS, 6, 6, 7, 129][place])
    module = nn.Sequential(*parts[:place], norm, *parts[place:])
    for layer in parts[0], *parts[2:]:
        layer.weight.data *= 0.1
    model = from_torch(module, **GAIN)
    assert len(model.weights) == 3
    assert_outputs_of(module.eval(), model, rng)


@pytest.mark.parametrize("end", [nn.ReLU(), nn.ReLU6(), nn.Hardtanh(0, 1), nn.Hardtanh(0.1, 1)])
def test_an_end_that_the_head_repeats_is_passed_over(rng, end):
    body = nn.Sequential(nn.Linear(INPUTS, 129), end)
    model = from_torch(body, **GAIN)
    x = rng.uniform(-1, 1, (5, INPUTS))
    expected = body.double()(torch.from_numpy(x)).detach().numpy()
    found = last_outputs(model, x)
    np.testing.assert_allclose(found.clip(0.1, 1), expected.clip(0.1, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        (nn.Hardtanh(0.2, 1), GAIN, "between 0.2 and 1, but head 'gain' takes 0.1 to 1"),
        (nn.Hardtanh(0, 0.9), GAIN, "between 0 and 0.9"),
        (nn.Hardtanh(0, 1), MAGNITUDE, "head 'magnitude' takes 0 to"),
        (nn.ReLU6(), MAGNITUDE, "between 0 and 6"),
    ],
)
def test_an_end_that_does_more_is_refused(end, kind, message):
    with pytest.raises(ValueError, match=f"layer 1 '1' keeps outputs .*{message}"):
        from_torch(nn.Sequential(nn.Linear(INPUTS, 129), end), **kind)


@pytest.mark.parametrize(
    ("middle", "message"),
    [
        (nn.GELU(), r"layer 1 '1': GELU is not supported; expected Linear, ReLU"),
        (nn.Sigmoid(), "layer 1 '1': Sigmoid is not supported"),
        (nn.Sequential(nn.ReLU(), nn.LayerNorm(8)), r"layer 2 '1\.1': LayerNorm is not"),
        (nn.ReLU6(), "layer 1 '1' keeps values between 0 and 6; between layers expected ReLU"),
        (nn.Flatten(0), "layer 1 '1': Flatten joins dimensions 0 to -1"),
        (nn.BatchNorm1d(8, track_running_stats=False), "layer 1 '1': BatchNorm1d keeps no running"),
        (
            nn.Sequential(nn.ReLU(), normalised(8), nn.ReLU()),
            r"layer 2 '1\.1' has no Linear before or after it",
        ),
        (nn.Linear(7, 8), r"layer 1: weights have the shape \(8, 7\).*'1': 7 -> 8"),
    ],
)
def test_what_is_not_supported_is_named(middle, message):
    with pytest.raises(ValueError, match=message):
        from_torch(nn.Sequential(nn.Linear(INPUTS, 8), middle, nn.Linear(8, 129)), **GAIN)


class Branching(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.fc, self.out, self.way = nn.Linear(INPUTS, INPUTS), nn.Linear(INPUTS, 129), way

    def forward(self, x):
        return self.way(self, x)


@pytest.mark.parametrize(
    ("way", "message"),
    [
        (lambda net, x: net.out(x + net.fc(x)), r"layer 1 'add' takes \[x, fc\]; expected a chain"),
        (lambda net, x: (net.out(x), net.fc(x)), r"layer 1 'fc' takes \[x\]; expected a chain"),
        (lambda net, x: (net.out(x), x), "the output takes"),
        (lambda net, x: net.out(x) if x.sum() > 0 else x, "cannot be traced by torch.fx"),
        (lambda net, x: net.out(x) * 2, "layer 1 'mul': mul is not supported"),
    ],
)
def test_branches_are_refused(way, message):
    with pytest.raises(ValueError, match=message):
        from_torch(Branching(way), **GAIN)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(257, 129), r"a network takes 8 frames of 129 bins \(1032 inputs, oldest"),
        (nn.Linear(INPUTS, 128), "128 outputs; expected 129.*gives 129 outputs. Found layer 0"),
        (nn.Sequential(nn.Linear(INPUTS, 4000), nn.Linear(4000, 129)), "1 to 2048 outputs"),
        (nn.Sequential(nn.ReLU()), "layer 0 '0' comes before the first Linear"),
        (nn.Sequential(nn.Identity()), "has no Linear"),
    ],
)
def test_widths_that_cannot_run_are_refused(module, message):
    with pytest.raises(ValueError, match=message):
        from_torch(module, **GAIN)


def test_only_modules_are_imported():
    with pytest.raises(TypeError, match=r"found a dict; expected a torch\.nn\.Module"):
        from_torch({"weight": 1}, **GAIN)


def test_a_layer_that_does_something_else_is_found_out():
    """The check against the original sees what the graph does not tell."""

    class Odd(nn.Linear):
        def forward(self, x):
            return super().forward(x) * 1.001

    Odd.__module__ = "torch.nn.odd"  # a leaf to the tracer
    with pytest.raises(ValueError, match="the imported model does not match the original: output"):
        from_torch(nn.Sequential(Odd(INPUTS, 129)), **GAIN)


def test_from_module_to_sound(rng):
    module = nn.Sequential(
        nn.Linear(INPUTS, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 48), nn.Linear(48, 129)
    )
    module[4].bias.data += 0.5
    model = from_torch(module, **GAIN)
    noisy = rng.normal(0, 0.1, 8000)
    with Enhancer(model) as exact, Enhancer(quantize(model)) as integer:
        a, b = exact.enhance(noisy, 8000), integer.enhance(noisy, 8000)
    assert np.abs(a).max() > 0.05
    assert np.sqrt(np.mean((a - b) ** 2)) < 0.1 * a.std()


@pytest.mark.usefixtures("kernel_cache")
def test_layers_2048_wide_run_on_the_kernels(rng):
    """1032 to 2048 to 2048 to 129; `with_pynq` has the same on a virtual board."""
    widths = (INPUTS, 2048, 2048, 129)
    module = nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(widths)))
    model = quantize(from_torch(module, **GAIN), bits=(2, 3, 4))
    assert [layer.shape[0] for layer in model.layers] == [2048, 2048, 129]
    assert_same(model, random_spectrum(rng, 5))
