"""Fine-tuning: what is trained is what the codes give, and it gets better."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner

from networks import network, relus, remembering
from nibblestream import Enhancer, QuantizedModel, quantize, spec
from nibblestream.cli import main
from nibblestream.network.float_model import FloatModel
from nibblestream.network.lut import decode
from nibblestream.network.lutmac import Network
from nibblestream.network.scheme import NAMES, Scheme
from nibblestream.speech import stft
from nibblestream.speech.features import FloorTracker
from nibblestream.train import material
from nibblestream.train.finetune import FineTuned, FineTunedStack
from nibblestream.train.finetune_memory import FineTunedMemory
from nibblestream.train.loop import Training
from nibblestream.train.mixing import Batch
from nibblestream.train.recipe import FineTuning
from nibblestream.train.run import finetune
from nibblestream.train.straight_through import CodedLinear
from nibblestream.train.supply import Pairs, Pool

pytestmark = pytest.mark.numeric


@pytest.fixture
def folders(tmp_path, rng, monkeypatch):
    """Speech and noise of six seconds each; three clips to validate on."""
    monkeypatch.setattr(material, "VALIDATION", 1)
    signals = {"speech": np.repeat(rng.uniform(0, 1, 24) ** 2, 2000), "noise": np.full(48000, 0.1)}
    for name, level in signals.items():
        (tmp_path / name).mkdir()
        for i in range(2):
            path = tmp_path / name / f"{i}.wav"
            soundfile.write(path, (level * rng.normal(0, 0.2, 48000)).clip(-1, 1), 8000)
    return {name: tmp_path / name for name in signals}


def tuned(model: FloatModel, bits: tuple[int, ...] = (2, 3)) -> FineTuned:
    return FineTunedStack(model, FineTuning(model.digest, bits), "tuned")


def as_it_is(trainee: FineTuned) -> QuantizedModel:
    return trainee.model({"step": 0, "weights": trainee.network.state_dict()}, final=True)


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("k", [0, 3, 10])
def test_a_layer_acts_as_its_codes(rng, bits, k):
    """Whatever training makes of levels: any order, equal ones, beyond the table."""
    weight = rng.laplace(0, 0.1, (9, 30)).astype(np.float32)
    levels = rng.normal(0, 0.3, 1 << bits)
    levels[:2], levels[2] = levels[2], 1.5
    layer = CodedLinear(weight, rng.normal(0, 0.7, 9).astype(np.float32), levels, 8, k)
    codes, lut, bias = layer.quantized()
    assert (codes.dtype, codes.shape, bias.dtype) == (np.uint8, (9, 30), np.int32)
    assert (np.diff(lut.values) >= 0).all()
    assert spec.BIAS.low <= bias.min() < bias.max() <= spec.BIAS.high
    x = rng.normal(0, 1, (5, 30)).astype(np.float32)
    decoded = decode(codes, lut) * 2.0 ** -(7 + k)
    with torch.no_grad():
        found = layer(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, x @ decoded.T + bias / 128, atol=1e-5)
    nearest = np.abs(weight[..., None] - lut.values).min(axis=-1)
    np.testing.assert_allclose(np.abs(weight - decoded), nearest, atol=1e-7)


def test_levels_take_the_nearer_grid():
    levels = np.array([-0.5, -0.0101, 0.0303, 0.9])
    layer = CodedLinear(np.zeros((1, 1), np.float32), np.zeros(1, np.float32), levels, 8, 4)
    lut = layer.quantized()[1]
    assert lut.internal.tolist() == [False, True, True, False]
    assert lut.mantissa.tolist() == [-64, round(-0.0101 * 2048), round(0.0303 * 2048), 115]


def test_gradients_pass_the_rounding(rng):
    weight, levels = rng.normal(0, 0.1, (3, 7)).astype(np.float32), np.array([-0.1, 0, 0.05, 0.2])
    layer = CodedLinear(weight, np.full(3, 0.3, np.float32), levels, 8, 2)
    x = torch.tensor(rng.normal(0, 1, (4, 7)), dtype=torch.float32)
    layer(x).square().sum().backward()
    codes, lut, bias = layer.quantized()
    y = x.numpy() @ lut.values[codes].T + bias / 128
    slope = 2 * y.T @ x.numpy()  # of the loss, by the weights that act
    np.testing.assert_allclose(layer.weight.grad, slope, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.bias.grad, 2 * y.sum(axis=0), rtol=1e-4)
    by_level = [slope[codes == code].sum() for code in range(4)]
    np.testing.assert_allclose(layer.levels.grad, by_level, rtol=1e-4, atol=1e-4)


def test_biases_that_are_zero_stay_zero(rng):
    model = network("magnitude", "magnitude", (5,))
    silent = replace(model, biases=tuple(b * 0 for b in model.biases))
    assert all(not layer.bias.requires_grad for layer in tuned(silent).network.layers)
    assert all(layer.bias.requires_grad for layer in tuned(model).network.layers)


@pytest.mark.parametrize(("features", "head"), [("log2", "gain"), ("magnitude", "magnitude")])
@pytest.mark.parametrize("relu", [(True, True, True), (False, True, False)])
def test_what_is_trained_is_what_the_model_computes(rng, features, head, relu):
    """Network and quantized model, whose activations are rounded, too: within a thousandth."""
    trainee = tuned(replace(network(features, head, (24, 16)), activations=relus(*relu)), (4, 3, 2))
    model = as_it_is(trainee)
    assert [str(layer.scheme) for layer in model.layers] == [
        f"{n}-bit qat (m 8)" for n in (4, 3, 2)
    ]
    assert tuple(layer.activation for layer in model.layers) == relus(*relu)
    signal = rng.normal(0, 0.1, 4000)
    spectra = stft.stft(signal)
    magnitude = torch.from_numpy(np.abs(spectra)).float()[None]
    seen = magnitude
    if features == "log2":
        seen = FloorTracker().process(spec.MAGNITUDE.from_float(np.abs(spectra)))
        seen = torch.from_numpy(spec.FEATURE.to_float(seen)).float()[None]
    with torch.no_grad():
        enhanced = trainee.network(seen, magnitude)[0].numpy()
    expected = stft.istft(enhanced * np.exp(1j * np.angle(spectra)), 4000).clip(-1, 1)
    with Enhancer(model) as enhancer:
        found = enhancer.enhance(signal, 8000)
    assert expected.std() > 0.01
    assert np.abs(found - expected)[:3900].max() < 1e-3


def test_training_lowers_the_loss():
    """Two bits a weight: a few steps bring the outputs nearer to the float model's."""
    torch.manual_seed(0)
    model = network(hidden=(16,))
    trainee = FineTunedStack(model, FineTuning(model.digest, (2, 2), rate=3e-3), "tuned")
    x, noisy = torch.rand(2, 80, 129) * 2 - 1, torch.rand(2, 80, 129)
    adam = torch.optim.Adam(trainee.network.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        target = trainee._teacher(x, noisy).detach()
        loss = (trainee.network(x, noisy) - target).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_the_loss_counts_both_the_speech_and_the_float_model(rng):
    trainee = tuned(network(hidden=(6,)), (4, 4))
    draws = (rng.uniform(-1, 1, (2, 60, 129)), *rng.gamma(0.5, 1, (2, 2, 60, 129)))
    batch = Batch(*(torch.tensor(draw, dtype=torch.float32) for draw in draws))
    alone = FineTunedStack(trainee._model, replace(trainee.settings, distillation=0.0), "alone")
    assert float(trainee.loss(batch).detach()) > float(alone.loss(batch).detach()) > 0
    trainee.network, alone.network = trainee._teacher, alone._teacher
    assert trainee.loss(batch).equal(alone.loss(batch))  # no error against itself


@pytest.mark.slow
def test_fine_tuning_goes_on_where_it_stopped(folders, tmp_path, monkeypatch):
    model = network(hidden=(8,))
    monkeypatch.setattr(FineTuned, "every", 2)
    whole = finetune(tmp_path / "whole.npz", model, 2, **folders, steps=4, seed=3, command="so")
    assert (whole.name, whole.origin) == ("whole", model.digest)
    assert whole.training["fine-tuned"]["bits"] == [2, 2]
    assert whole.training["command"] == "so"
    assert "fine-tuned" in whole.describe()
    assert whole.ideal_bytes == sum(w.size for w in model.weights) // 4
    assert QuantizedModel.load(tmp_path / "whole.npz").digest == whole.digest

    def killed(training, batch):
        if training.step == 3:
            raise KeyboardInterrupt
        return advance(training, batch)

    advance = Training._advance
    monkeypatch.setattr(Training, "_advance", killed)
    with pytest.raises(KeyboardInterrupt):
        finetune(tmp_path / "cut.npz", model, 2, **folders, steps=4, seed=3)
    monkeypatch.setattr(Training, "_advance", advance)
    other = replace(model, front=replace(model.front, gain_floor=0.2))
    for wrong in ((other, 2, 4), (model, 3, 4), (model, 2, 5)):
        with pytest.raises(ValueError, match="other settings"):
            finetune(tmp_path / "cut.npz", *wrong[:2], **folders, steps=wrong[2], seed=3)
    resumed = finetune(tmp_path / "cut.npz", model, 2, **folders, steps=4, seed=3, command="so")
    assert replace(resumed, name="whole").digest == whole.digest
    assert not (tmp_path / "cut.checkpoint").exists()


def test_what_cannot_be_tuned_is_refused(folders, tmp_path):
    model = network(hidden=(4,))
    with pytest.raises(ValueError, match=r"bits are \(8, 8\); expected 2, 3 or 4"):
        finetune(tmp_path / "m.npz", model, 8, **folders)
    with pytest.raises(ValueError, match="bits has 3 values, the model 2 layers"):
        finetune(tmp_path / "m.npz", model, (2, 2, 2), **folders)
    with pytest.raises(FileNotFoundError, match="no folder"):
        finetune(tmp_path / "nowhere" / "m.npz", model, **folders)


def test_trained_codes_are_a_scheme_that_only_training_gives():
    assert Scheme("qat", 2).free
    assert "qat" not in NAMES
    with pytest.raises(ValueError, match="use nibblestream finetune"):
        quantize(network(hidden=(4,)), "qat", 2)


def test_the_command_line_fine_tunes(folders, tmp_path):
    source, output = tmp_path / "float.npz", tmp_path / "two.npz"
    network(hidden=(4,)).save(source)
    options = ["--bits", "2,3", "--steps", "1"]
    for name, folder in folders.items():
        options += [f"--{name}", str(folder), f"--val-{name}", str(folder)]
    result = CliRunner().invoke(main, ["finetune", str(source), "-o", str(output), *options])
    assert result.exit_code == 0, result.output
    assert "1,226 bytes of codes, fine-tuned" in result.output
    model = QuantizedModel.load(output)
    assert [layer.bits for layer in model.layers] == [2, 3]
    same = CliRunner().invoke(main, ["finetune", str(source), "-o", str(source), *options])
    assert same.exit_code == 2


def memory(rng, bits=(2, 3, 2, 4)) -> FineTunedMemory:
    model = remembering(rng, (6, 5))
    return FineTunedMemory(model, FineTuning(model.digest, bits, rate=3e-3), "tuned")


def test_what_is_trained_of_a_memory_is_what_the_model_computes(rng):
    """Whatever training makes of it, to the precision of the integers."""
    trainee = memory(rng)
    with torch.no_grad():
        for parameter in trainee.network.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    model = as_it_is(trainee)
    assert [layer.bits for layer in model.layers] == [2, 3, 2, 4]
    features = rng.integers(-2048, 2048, (60, 129))
    with torch.no_grad():
        seen = torch.tensor(features / 2.0**11, dtype=torch.float32)[:, None]
        expected = trainee.network(seen)[:, 0].numpy()
    found = spec.GAIN.to_float(Network(model).process(features.astype(np.int32)))
    np.testing.assert_allclose(found.clip(*model.front.limits), expected, atol=2e-3)
    assert np.std(expected) > 0.05


def test_training_lowers_the_loss_of_a_memory(rng):
    trainee = memory(rng, bits=(2, 2, 2, 2))
    clean = torch.tensor(rng.normal(0, 0.1, (2, 8000)), dtype=torch.float32)
    batch = Pairs(clean + 0.1 * torch.randn_like(clean), clean)
    adam = torch.optim.Adam(trainee.network.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        loss = trainee.loss(batch)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < losses[0] - 0.01


def test_a_memory_is_fine_tuned_from_the_command_line(rng, folders, tmp_path, monkeypatch):
    monkeypatch.setattr(material, "Pool", partial(Pool, size=8))
    remembering(rng, (4,)).save(tmp_path / "float.npz")
    arguments = [f"--{name}={folder}" for name, folder in folders.items()]
    arguments += [str(tmp_path / "float.npz"), "-o", str(tmp_path / "two.npz"), "--steps=2"]
    result = CliRunner().invoke(main, ["finetune", *arguments])
    assert result.exit_code == 0, result.output
    model = QuantizedModel.load(tmp_path / "two.npz")
    assert model.training["fine-tuned"]["steps"] == 2
    assert {layer.bits for layer in model.layers} == {2}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ({"features": "magnitude"}, "has the features 'magnitude'; .* takes 'log2'"),
        ({"head": "magnitude"}, "has the head 'magnitude'; .* takes 'gain'"),
        ({"context": 8}, "has the context 8; .* takes 1"),
    ],
)
def test_memories_with_other_fronts_are_refused(rng, kind, message):
    model = remembering(rng, (3,), **kind)
    with pytest.raises(ValueError, match=message):
        FineTunedMemory(model, FineTuning(model.digest, (2, 2, 2)), "other")


def test_another_window_is_refused(rng):
    model = network(hidden=(4,))
    model = replace(model, front=replace(model.front, window=256))
    with pytest.raises(ValueError, match=r"has the window 256; .* takes 128"):
        FineTunedStack(model, FineTuning(model.digest, (2, 2)), "other")
