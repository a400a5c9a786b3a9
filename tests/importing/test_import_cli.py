"""The documented way into the command line: torch.onnx.export, then `nibblestream import`."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from nibblestream import Enhancer, quantize
from nibblestream.cli import main
from nibblestream.network.activation import LINEAR, RELU, clip
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.speech.front import INPUTS, Speech

pytestmark = pytest.mark.numeric

BATCH = torch.export.Dim("batch")
WAYS = {
    "default": {},
    "default, any batch": {"dynamic_shapes": ({0: BATCH},)},
    "dynamo=False": {"dynamo": False},
    "dynamo=False, any batch": {"dynamo": False, "dynamic_axes": {"x": {0: "batch"}}},
}


class Masks(nn.Module):
    """Features of frames to gains, with a GRU between."""

    def __init__(self):
        super().__init__()
        self.gru, self.last = nn.GRU(129, 12, batch_first=True), nn.Linear(12, 129)

    def forward(self, x):
        return torch.clamp(self.last(self.gru(x)[0]) + 0.5, 0, 1)


def export(module, path, shape, **options):
    rows = 2 if "dynamic_shapes" in options else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = (torch.randn(rows, *shape),)
        torch.onnx.export(module.eval(), example, path, input_names=["x"], **options)
    return path


def run(*arguments):
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


class Digits(nn.Module):
    """Layers, functions, views by size and buffers; biases that exporters share."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(12))
        self.fc, self.hidden, self.out = nn.Linear(12, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.norm = nn.BatchNorm1d(6)
        self.norm.running_mean.uniform_(-1, 1)
        nn.init.zeros_(self.fc.bias)
        nn.init.zeros_(self.hidden.bias)

    def forward(self, x):
        x = x.view(x.size(0), -1) - self.mean
        x = torch.clamp(self.norm(self.fc(x)), 0, 6)
        return self.out(torch.max(self.hidden(x), torch.zeros(()))) / 2


@pytest.mark.parametrize("way", WAYS)
def test_what_torch_exports_is_imported(tmp_path, rng, way):
    module = Digits()
    path = export(module, tmp_path / "digits.onnx", (1, 3, 4), **WAYS[way])
    images, output = rng.uniform(0, 3, (20, 1, 3, 4)), tmp_path / "mine.npz"
    np.save(tmp_path / "images.npy", images)
    result = run(path, "-o", output, "--example", tmp_path / "images.npy")
    assert result.exit_code == 0, result.output
    assert f"{output}: the same outputs as {path}" in result.output
    model = FloatModel.load(output)
    assert (model.name, model.front) == ("mine", Plain.seen(images.reshape(len(images), -1)))
    assert model.activations == (clip(0, 6), RELU, LINEAR)
    expected = module(torch.from_numpy(images).float()).detach().numpy()
    np.testing.assert_allclose(model(images.reshape(20, -1)), expected, atol=1e-5)


@pytest.mark.parametrize("way", ["default", "dynamo=False"])
def test_three_layers_that_share_their_biases(tmp_path, way):
    module = nn.Sequential(*(nn.Linear(6, 6) for _ in range(3)))
    for layer in module:
        nn.init.zeros_(layer.bias)
    path, output = export(module, tmp_path / "net.onnx", (6,), **WAYS[way]), tmp_path / "m.npz"
    result = run(path, "-o", output, "--reach", 2)
    assert result.exit_code == 0, result.output
    assert FloatModel.load(output).front == Plain(2.0)


def test_a_network_for_speech(tmp_path, rng):
    module = nn.Sequential(nn.Linear(INPUTS, 6), nn.ReLU(), nn.Linear(6, 129), nn.Hardtanh(0, 1))
    path = export(module, tmp_path / "mask.onnx", (INPUTS,), dynamo=False)
    output = tmp_path / "mask.npz"
    speech = ["--features", "log2", "--head", "gain", "--gain-floor", "0.1"]
    result = run(path, "-o", output, *speech)
    assert result.exit_code == 0, result.output
    model = FloatModel.load(output)
    assert (model.name, model.front) == ("mask", Speech("log2", "gain", 0.1))
    with Enhancer(quantize(model)) as enhancer:
        assert enhancer.enhance(rng.normal(0, 0.1, 800), 8000).shape == (800,)


def test_a_network_with_a_gru_for_speech(tmp_path, rng):
    torch.manual_seed(2)
    path = export(Masks(), tmp_path / "gru.onnx", (20, 129), dynamo=False)
    output = tmp_path / "gru.npz"
    speech = ["--features", "log2", "--head", "gain", "--window", "256", "--context", "1"]
    result = run(path, "-o", output, *speech)
    assert result.exit_code == 0, result.output
    model = FloatModel.load(output)
    assert model.front == Speech("log2", "gain", 0.0, 256, 1)
    assert model.remembers
    noisy = rng.normal(0, 0.1, 3000)
    with Enhancer(quantize(model)) as enhancer, Enhancer(model) as exact:
        clean, expected = enhancer.enhance(noisy, 8000), exact.enhance(noisy, 8000)
    assert 0 < np.std(clean - expected) < 0.2 * np.std(expected)


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--features", "log2"], 2, "needs both --features and --head"),
        (["--gain-floor", "0.1"], 2, "--gain-floor is for speech"),
        (["--features", "log2", "--head", "gain", "--reach", "2"], 2, "does not apply to speech"),
        (["--window", "256"], 2, "--window is for speech"),
        (["--reach", "0"], 2, "0.0 is not in the range"),
        (["--reach", "nan"], 1, "expected positive, finite magnitudes"),
        (["--example", "net.onnx"], 2, "net.onnx: expected an .npy file of numbers"),
        (["--example", "none.npy"], 1, "none.npy"),
        (["--example", "text.npy"], 2, "text.npy: expected an .npy file of numbers"),
        (["--example", "wide.npy"], 1, "example has 7 inputs a row; the network takes 6"),
    ],
)
def test_options_that_do_not_fit(tmp_path, monkeypatch, options, status, message):
    monkeypatch.chdir(tmp_path)
    export(nn.Linear(6, 3), tmp_path / "net.onnx", (6,), dynamo=False)
    np.save("text.npy", np.array([["a"]]))
    np.save("wide.npy", np.zeros((2, 7)))
    result = run("net.onnx", "-o", "m.npz", *options)
    assert result.exit_code == status
    assert message in result.output
    assert len(result.output.splitlines()) == 1
    assert not (tmp_path / "m.npz").exists()


@pytest.mark.parametrize("suffix", ["pt", "pth", "ckpt", "pkl", "jit", "safetensors", "keras"])
def test_other_files_get_a_line_that_says_what_to_do(tmp_path, suffix):
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(b"")
    result = run(path, "-o", tmp_path / "m.npz")
    assert result.exit_code == 1
    assert f"{path} is a" in result.output or f"{path} is weights" in result.output
    assert "nibblestream.importing.from_" in result.output
    assert len(result.output.splitlines()) == 1


def test_the_network_is_not_overwritten(tmp_path):
    path = export(nn.Linear(6, 3), tmp_path / "net.npz", (6,), dynamo=False)
    assert run(path, "-o", path).exit_code != 0
    path = path.rename(tmp_path / "net.onnx")
    assert run(path, "-o", tmp_path / "net.onnx").exit_code == 2
    (tmp_path / "same.npz").symlink_to(path)
    result = run(path, "-o", tmp_path / "same.npz")
    assert result.exit_code == 2
    assert "is the input itself" in result.output
