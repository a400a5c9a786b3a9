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

from compiled import assert_same
from networks import random_spectrum
from nibblestream import Enhancer, quantize
from nibblestream.importing import build, from_torch
from nibblestream.network.activation import LINEAR, RELU, clip
from nibblestream.network.front import Plain
from nibblestream.speech.front import INPUTS, Speech
from torch_cases import CASES, Net, pruned, stack

pytestmark = pytest.mark.numeric

SPEECH = Speech("log2", "gain", 0.1)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


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
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=0.05 if coarse else 1e-5)
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
    assert model.front == Plain.seen(images.reshape(len(images), -1))
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
