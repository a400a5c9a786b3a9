"""Networks from PyTorch: each way to write one is imported and equal, or refused in one line."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.nn.utils import parametrizations, prune, weight_norm

from compiled import assert_same
from networks import random_spectrum
from nibblestream import Enhancer, quantize
from nibblestream.importing import build, from_torch
from nibblestream.network.activation import LINEAR, RELU, clip
from nibblestream.network.front import Plain
from nibblestream.speech.front import INPUTS, Speech

pytestmark = pytest.mark.numeric

SPEECH = Speech("log2", "gain", 0.1)
EQUAL = ""  # the table's mark for a network that is imported


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


class Net(nn.Module):
    """A network of 6 inputs by a function of the module and its inputs."""

    def __init__(self, way):
        super().__init__()
        self.fc, self.out, self.way = nn.Linear(6, 6), nn.Linear(6, 3), way
        self.matrix = nn.Parameter(torch.randn(6, 6))
        self.register_buffer("mean", torch.randn(6))
        self.register_buffer("std", torch.rand(6) + 0.5)
        self.attribute = torch.randn(6, 6)

    def forward(self, x):
        return self.way(self, x)


class Viewed(nn.Module):
    """Views by size, parameters used directly, functions instead of modules."""

    def __init__(self):
        super().__init__()
        self.fc, self.factor = nn.Linear(6, 6), nn.Parameter(torch.rand(6))

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return F.linear(torch.clamp(self.fc(x), 0.0, 1.0) * self.factor, self.fc.weight)


def normalised(width):
    """A batch normalisation with statistics and scales of its own."""
    norm = nn.BatchNorm1d(width)
    for tensor in (norm.weight.data, norm.running_var):
        tensor.uniform_(0.8, 1.25)
    for tensor in (norm.bias.data, norm.running_mean):
        tensor.uniform_(-0.3, 0.3)
    return norm


def stack(*middle, inputs=6, hidden=5):
    return nn.Sequential(nn.Linear(inputs, hidden), *middle, nn.Linear(hidden, 3))


def pruned():
    module = stack(nn.ReLU())
    prune.l1_unstructured(module[0], "weight", 0.5)
    module(torch.randn(2, 6))  # leaves weights that deepcopy does not copy
    return module


def with_weight_norm(norm):
    module = nn.Sequential(norm(nn.Linear(6, 5)), nn.ReLU(), nn.Linear(5, 3))
    module(torch.randn(2, 6))
    return module


def large():
    """One weight of 100, and a channel whose normalisation has a bias of 4.5."""
    module = stack(normalised(5), nn.ReLU())
    module[0].weight.data[1, 2], module[1].bias.data[3] = 100, 4.5
    return module


def exported(module, rows=3, **options):
    return torch.export.export(module.eval(), (torch.randn(rows, 6),), **options)


def traced(module):
    return torch.jit.trace(module.eval(), torch.randn(1, 6))


ANY_BATCH = {"dynamic_shapes": ({0: torch.export.Dim("n")},)}
DEPENDS = "its steps depend on the values of its inputs, by an if, a loop or an index"

CASES = {
    # name: how the network is made, and "" or what the refusal says
    "sequential": (lambda: stack(nn.ReLU()), EQUAL),
    "nested": (lambda: nn.Sequential(stack(nn.Sequential(nn.ReLU(), nn.Identity()))), EQUAL),
    "relu in place": (lambda: stack(nn.ReLU(inplace=True)), EQUAL),
    "dropout": (lambda: stack(nn.Dropout(), nn.AlphaDropout(), nn.ReLU()), EQUAL),
    "flatten": (lambda: nn.Sequential(nn.Unflatten(1, (2, 3)), nn.Flatten(), *stack()), EQUAL),
    "batch norm before": (lambda: nn.Sequential(normalised(6), *stack(nn.ReLU())), EQUAL),
    "batch norm after": (lambda: stack(normalised(5), nn.ReLU()), EQUAL),
    "batch norm alone": (lambda: stack(nn.ReLU(), normalised(5), nn.ReLU()), EQUAL),
    "batch norm at the end": (lambda: nn.Sequential(stack(nn.ReLU()), normalised(3)), EQUAL),
    "large weights and biases": (large, EQUAL),
    "ReLU6": (lambda: stack(nn.ReLU6()), EQUAL),
    "Hardtanh": (lambda: stack(nn.Hardtanh(-0.5, 0.25)), EQUAL),
    "Hardsigmoid": (lambda: stack(nn.Hardsigmoid()), EQUAL),
    "LeakyReLU": (lambda: stack(nn.LeakyReLU(0.125)), EQUAL),
    "PReLU": (lambda: stack(nn.PReLU()), EQUAL),
    "Sigmoid, Tanh": (lambda: stack(nn.Sigmoid(), nn.Linear(5, 5), nn.Tanh()), EQUAL),
    "Threshold": (lambda: stack(nn.Threshold(0, 0)), EQUAL),
    "half": (lambda: stack(nn.ReLU()).half(), EQUAL),
    "bfloat16": (lambda: stack(nn.ReLU()).bfloat16(), EQUAL),
    "double": (lambda: stack(nn.ReLU()).double(), EQUAL),
    "scripted": (lambda: torch.jit.script(stack(nn.ReLU(), normalised(5))), EQUAL),
    "scripted views": (lambda: torch.jit.script(Viewed()), EQUAL),
    "traced": (lambda: traced(stack(nn.ReLU(), nn.Dropout())), EQUAL),
    "traced views": (lambda: traced(Viewed()), EQUAL),
    "compiled": (lambda: torch.compile(stack(nn.ReLU())), EQUAL),
    "DataParallel": (lambda: nn.DataParallel(stack(nn.ReLU())), EQUAL),
    "exported": (lambda: exported(stack(nn.ReLU(), normalised(5))), EQUAL),
    "exported for any batch": (lambda: exported(Viewed(), **ANY_BATCH), EQUAL),
    "exported and decomposed": (
        lambda: exported(stack(normalised(5), nn.Hardsigmoid())).run_decompositions(),
        EQUAL,
    ),
    "weight_norm by hooks": (lambda: with_weight_norm(weight_norm), EQUAL),
    "weight_norm": (lambda: with_weight_norm(parametrizations.weight_norm), EQUAL),
    "spectral_norm": (lambda: with_weight_norm(parametrizations.spectral_norm), EQUAL),
    "pruned": (pruned, EQUAL),
    "views by size": (Viewed, EQUAL),
    "functional.linear": (lambda: Net(lambda s, x: F.linear(x, s.matrix, s.mean)), EQUAL),
    "parameters": (lambda: Net(lambda s, x: (x @ s.matrix + s.mean).relu()), EQUAL),
    "a matrix first": (lambda: Net(lambda s, x: (s.matrix @ x.T).relu().T * s.std), EQUAL),
    "a tensor of no module": (lambda: Net(lambda s, x: F.linear(x, s.attribute)), EQUAL),
    "addmm": (lambda: Net(lambda s, x: torch.addmm(s.mean, x, s.matrix, beta=2)), EQUAL),
    "buffers": (lambda: Net(lambda s, x: s.out((x - s.mean) / s.std)), EQUAL),
    "conversions": (lambda: Net(lambda s, x: s.out(x.float() / 255)), EQUAL),
    "computed constants": (lambda: Net(lambda s, x: s.out(x) * torch.tensor([1.0, 2, 3])), EQUAL),
    "rsub": (lambda: Net(lambda s, x: torch.rsub(s.out(x), 1.0)), EQUAL),
    "clamp": (lambda: Net(lambda s, x: s.out(torch.clamp(s.fc(x), min=0))), EQUAL),
    "clamp in place": (lambda: Net(lambda s, x: s.fc(x).mul_(2).clamp_(-1, 1)), EQUAL),
    "max": (lambda: Net(lambda s, x: torch.max(torch.zeros(()), s.fc(x))), EQUAL),
    "minimum": (lambda: Net(lambda s, x: torch.minimum(s.fc(x), torch.ones(6))), EQUAL),
    "clips in a row": (lambda: Net(lambda s, x: F.relu6(s.fc(x) + 3) / 6), EQUAL),
    "negation": (lambda: Net(lambda s, x: -F.relu(-s.fc(x))), EQUAL),
    "slices": (lambda: Net(lambda s, x: s.fc(x)[:, ::2].flip(1)), EQUAL),
    "chunks": (lambda: Net(lambda s, x: s.fc(x).chunk(2, 1)[1]), EQUAL),
    "linear branches": (lambda: Net(lambda s, x: x + s.fc(x)), EQUAL),
    "squeezed": (lambda: nn.Sequential(nn.Linear(6, 1), nn.Flatten(0)), EQUAL),
    "LayerNorm": (lambda: stack(nn.LayerNorm(5)), r"step 1 '1': layer_norm normalises by stat"),
    "GroupNorm": (lambda: stack(nn.GroupNorm(1, 5)), "step 1 '1': group_norm normalises by"),
    "batch statistics": (
        lambda: stack(nn.BatchNorm1d(5, track_running_stats=False)),
        r"'1' \(BatchNorm1d\) keeps no running statistics, so it depends on the batch",
    ),
    "Softmax": (lambda: stack(nn.ReLU(), nn.Softmax(1)), "step 2 '2': softmax .* remove it"),
    "LogSoftmax": (lambda: Net(lambda s, x: F.log_softmax(s.out(x), 1)), "log_softmax .* remove"),
    "GELU": (lambda: stack(nn.GELU()), "step 1 '1': gelu is not supported; expected fully"),
    "Hardswish": (lambda: stack(nn.Hardswish()), "hardswish multiplies computed values"),
    "LeakyReLU of 0.01": (
        lambda: stack(nn.LeakyReLU()),
        "step 1 '1': a leaky ReLU has the slope 0.01; .* for example 1/64 or 1/128",
    ),
    "PReLU by units": (
        lambda: nn.Sequential(nn.Linear(6, 2), _prelu(0.25, 0.5)),
        "has values from 0.25 to 0.5; expected the same for all units",
    ),
    "Conv1d": (
        lambda: nn.Sequential(nn.Unflatten(1, (1, 6)), nn.Conv1d(1, 2, 3), nn.Flatten()),
        "pass example=rows",
    ),
    "recurrent": (lambda: nn.LSTM(6, 3), "the network gives a tuple; expected one tensor"),
    "residual": (lambda: Net(lambda s, x: x + s.fc(x).relu()), "step 2 'add': adds values from"),
    "two ends": (lambda: Net(lambda s, x: (x, s.fc(x))), "gives a tuple; expected one tensor"),
    "gated": (lambda: Net(lambda s, x: s.fc(x) * s.fc(x).sigmoid()), "multiplies two computed"),
    "joined": (lambda: Net(lambda s, x: torch.cat([x, s.fc(x)], 1)), "cat joins branches"),
    "control flow": (lambda: Net(lambda s, x: s.fc(x) if x.sum() > 0 else x), DEPENDS),
    "NumPy": (lambda: Net(lambda s, x: s.fc(torch.tensor(x.numpy()))), "torch.export cannot exp"),
    "other rows": (lambda: Net(lambda s, x: s.fc(x - x.flip(0))), "does not match .* other rows"),
    "noise": (lambda: Net(lambda s, x: s.fc(x) + torch.rand(6)), "does not match the original"),
    "a value of NaN": (lambda: Net(lambda s, x: s.fc(x) * torch.nan), "'mul': holds NaN or inf"),
    "meta": (lambda: nn.Linear(6, 3, device="meta"), "on the device 'meta', which holds no val"),
    "too wide": (lambda: nn.Linear(3000, 3), "takes 3000 inputs .* expected 1 to 2048"),
    "no layer": (lambda: nn.Sequential(nn.ReLU()), "pass example=rows, inputs of the network"),
}


def _prelu(*slopes):
    layer = nn.PReLU(len(slopes))
    layer.weight.data = torch.tensor(slopes)
    return layer


def quiet(make):
    with warnings.catch_warnings():  # TorchScript, hooks of weight_norm: deprecated, but in use
        warnings.simplefilter("ignore")
        return make()


def outputs(network, x):
    """What the network itself gives for rows x, in evaluation mode."""
    if isinstance(network, torch.export.ExportedProgram):
        rows = [torch.from_numpy(row).float().expand(3, -1) for row in x]
        found = [network.module()(row)[:1] for row in rows]
    else:
        network = getattr(network, "_orig_mod", network)  # compiling takes a minute
        dtype = next(network.parameters()).dtype
        found = [network.eval()(torch.from_numpy(x).to(dtype))]
    return torch.cat(found).detach().double().numpy().reshape(len(x), -1)


@pytest.mark.parametrize("case", CASES)
def test_each_way_is_equal_or_refused(rng, case):
    make, refusal = CASES[case]
    network = quiet(make)
    if refusal:
        with pytest.raises(ValueError, match=refusal) as error:
            from_torch(network)
        assert "\n" not in str(error.value)
        return
    model = from_torch(network)
    x = rng.uniform(-2, 2, (9, model.inputs)).astype(np.float16).astype(np.float64)
    expected = outputs(network, x)
    coarse = case in ("half", "bfloat16")  # the module itself rounds
    np.testing.assert_allclose(model(x), expected, rtol=0, atol=0.05 if coarse else 1e-5)
    assert model.scaled
    quantize(model)


def test_what_is_found(rng):
    """Layers, activations, and what a file keeps of the origin."""
    module = nn.Sequential(*stack(nn.ReLU6(), nn.Linear(5, 5, bias=False), nn.ReLU()), nn.ReLU())
    model = from_torch(module, name="mine")
    assert [w.shape for w in model.weights] == [(5, 6), (5, 5), (3, 5)]
    assert model.activations == (clip(0, 6), RELU, RELU)
    assert (model.name, model.training) == ("mine", {"imported": "PyTorch Sequential"})
    assert model.front == Plain()


def test_layers_in_a_row_are_one_unless_that_is_larger():
    assert [w.shape for w in from_torch(stack(hidden=5, inputs=6)).weights] == [(3, 6)]
    model = from_torch(nn.Sequential(nn.Linear(64, 4), nn.Linear(4, 32), nn.ReLU()))
    assert [w.shape for w in model.weights] == [(4, 64), (32, 4)]
    assert model.activations == (LINEAR, RELU)


def test_scales_and_clips_after_an_activation_need_no_layer():
    for way in (
        lambda s, x: F.relu6(s.fc(x) + 3) / 6,
        lambda s, x: F.hardsigmoid(s.fc(x)),
        lambda s, x: s.fc(x).mul(0.25).clamp(min=-0.25).clamp(max=0.75) + 0.25,
        lambda s, x: F.relu(s.fc(x)).clamp(max=2) * 0.5,
    ):
        model = from_torch(Net(way))
        assert (len(model.weights), model.activations) == (1, (clip(0, 1),))


def test_examples_tell_shape_and_reach(rng):
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2))
    images = rng.uniform(0, 3, (20, 1, 3, 4))
    model = from_torch(module, example=torch.from_numpy(images))
    assert model.front == Plain(float(images.max()))
    np.testing.assert_allclose(
        model(images.reshape(20, -1)), outputs(module.double(), images), atol=1e-6
    )
    assert from_torch(module, example=images, front=Plain(100)).front == Plain(100)
    convolution = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ValueError, match="step 0 '0': conv2d shares weights between positions"):
        from_torch(convolution, example=images)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (np.zeros((2, 7)), r"cannot be run on inputs of shape \(2, 7\): mat1 and mat2"),
        (np.zeros(6), r"example has the shape \(6,\)"),
        (np.full((2, 6), np.nan), "or NaN; expected"),
        ([["a"]], "example: could not convert string to float"),
        ([[1, 2], [3]], "example: setting an array element"),
    ],
)
def test_examples_that_do_not_fit(example, message):
    with pytest.raises(ValueError, match=message):
        from_torch(stack(), example=example)


def test_the_original_is_asked(monkeypatch):
    """A difference that float32 does not explain is refused, however it came about."""
    equalise = build.equalise
    for factor in (1 + 1e-4, np.nan):

        def wrong(layers, factor=factor):
            first, last = equalise(layers)
            return first, replace(last, weights=last.weights * factor)

        monkeypatch.setattr(build, "equalise", wrong)
        with pytest.raises(ValueError, match=r"does not match the original|NaN"):
            from_torch(stack(nn.ReLU()))


def test_the_module_is_not_modified(rng):
    module = pruned()
    module[1].register_forward_hook(lambda *_: None)
    module.train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    from_torch(module)
    assert module.training
    assert module[0].weight.dtype == torch.float32
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"weight": 1}, r"found a dict; expected a torch\.nn\.Module: for a state_dict, call its"),
        ("net.pth", "net.pth is a PyTorch file, and opening one can run code"),
        ("net.jit", "load it with torch.jit.load"),
        ("net.safetensors", "weights alone, which do not say how the network computes"),
        (np.ones(3), r"found a ndarray; expected a torch\.nn\.Module$"),
    ],
)
def test_only_modules_are_imported(network, message):
    with pytest.raises(TypeError, match=message):
        from_torch(network)


def test_widths_that_do_not_fit_speech():
    with pytest.raises(ValueError, match=r"6 inputs and 3 outputs; for speech, expected 1032"):
        from_torch(stack(), front=SPEECH)


def test_from_module_to_sound(rng):
    module = nn.Sequential(
        nn.Linear(INPUTS, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 48), nn.Linear(48, 129)
    )
    module[4].bias.data += 0.5
    model = from_torch(nn.Sequential(module, nn.Hardtanh(0, 1)), front=SPEECH)
    noisy = rng.normal(0, 0.1, 8000)
    with Enhancer(model) as exact, Enhancer(quantize(model)) as integer:
        a, b = exact.enhance(noisy, 8000), integer.enhance(noisy, 8000)
    assert np.abs(a).max() > 0.05
    assert np.sqrt(np.mean((a - b) ** 2)) < 0.1 * a.std()


@pytest.mark.usefixtures("kernel_cache")
def test_layers_2048_wide_run_on_the_kernels(rng):
    """1032 to 2048 to 2048 to 129; `with_pynq` has the same on a virtual board."""
    widths = (INPUTS, 2048, 2048, 129)
    layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
    model = quantize(from_torch(nn.Sequential(*layers), front=SPEECH), bits=(2, 3, 4))
    assert [layer.shape[0] for layer in model.layers] == [2048, 2048, 129]
    assert_same(model, random_spectrum(rng, 5))
