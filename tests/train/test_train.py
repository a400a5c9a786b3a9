"""Training: batches, loss, clamping, resuming; on sounds made here."""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import soundfile
import torch
from pystoi.utils import thirdoct

from nibblestream import Enhancer, spec
from nibblestream.network.float_model import FloatModel
from nibblestream.sound import reading
from nibblestream.speech import stft
from nibblestream.speech.features import FloorTracker
from nibblestream.speech.front import Speech
from nibblestream.train import augment, loop, material, run
from nibblestream.train.corpus import Corpus
from nibblestream.train.loop import Training
from nibblestream.train.loss import HARM, Loss, third_octaves
from nibblestream.train.mixing import Augmented, Batch, Batches
from nibblestream.train.module import LIMIT, Network
from nibblestream.train.recipe import MemoryRecipe
from nibblestream.train.run import train
from nibblestream.train.scratch import FromScratch
from nibblestream.train.supply import Pool

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Speech: syllables of buzz. Noise: hiss. In the formats people have."""
    rng = np.random.default_rng(3)
    speech, noise = tmp_path_factory.mktemp("speech"), tmp_path_factory.mktemp("noise")
    layouts = [
        ("a.wav", 8000, "WAV"),
        ("sub/b.flac", 16000, "FLAC"),
        ("sub/c.sph", 8000, "NIST"),
        ("d.ogg", 8000, "OGG"),
    ]
    for name, rate, kind in layouts:
        time = np.arange(4 * rate) / rate
        buzz = sum(np.sin(2 * np.pi * 120 * h * time) for h in range(1, 25)) / 40
        syllables = np.repeat(rng.uniform(0, 1, 16) ** 2, rate // 4)
        (speech / name).parent.mkdir(exist_ok=True)
        soundfile.write(speech / name, buzz * syllables, rate, format=kind)
    soundfile.write(noise / "stereo.wav", rng.normal(0, 0.1, (44100 * 5, 2)), 44100)
    soundfile.write(noise / "hiss.wav", rng.normal(0, 0.01, 8000 * 2), 8000)
    return speech, noise


@pytest.fixture
def corpora(folders):
    return [Corpus(sorted(p for p in folder.rglob("*.*"))) for folder in folders]


def test_segments_have_the_length_asked(corpora, rng):
    for corpus in corpora:
        for samples in (1, 8000, 100_000):  # the last is longer than any file
            assert corpus.draw(rng, samples).shape == (samples,)


def test_bad_files_are_named_and_skipped(folders, tmp_path, rng):
    (tmp_path / "text.wav").write_text("no sound at all")
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    paths = [tmp_path / "text.wav", tmp_path / "silent.wav"]
    mixed = Corpus([*paths, folders[1] / "hiss.wav"])
    with pytest.warns(UserWarning, match="skipped") as caught:
        mixed.draw(rng, 200_000)
    assert {path.name for path in paths} == {
        str(w.message).split(":")[1].split("/")[-1] for w in caught
    }
    with pytest.warns(match="skipped"), pytest.raises(ValueError, match="none of the"):
        Corpus(paths).draw(rng, 10)


def test_bad_files_do_not_change_later_draws(folders, tmp_path):
    (tmp_path / "text.wav").write_text("no sound at all")
    corpus = Corpus([tmp_path / "text.wav", *sorted(folders[1].iterdir())])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = (corpus.draw(np.random.default_rng(4), 50_000) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_batch_is_decided_by_seed_and_number(folders):
    def batch(number, seed=5):
        speech, noise = (Corpus(sorted(folder.rglob("*.*"))) for folder in folders)
        return Batches(Augmented(speech, noise), "log2", seed, clips=3, seconds=1.0)[number]

    first, again, other = batch(7), batch(7), batch(8)
    for a, b, c in zip(first, again, other, strict=True):
        assert a.shape == (3, 126, 129)
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    assert not torch.equal(first.noisy, batch(7, seed=6).noisy)


def test_the_network_is_trained_on_what_the_pipeline_sees(corpora):
    batch = Batches(Augmented(*corpora), "log2", 0, clips=2, seconds=1.0)[0]
    magnitude = spec.MAGNITUDE.from_float(batch.noisy[1].numpy())
    features = spec.FEATURE.to_float(FloorTracker().process(magnitude))
    assert np.abs(batch.features[1].numpy() - features).max() < 0.01
    paper = Batches(Augmented(*corpora), "magnitude", 0, clips=2, seconds=1.0)[0]
    torch.testing.assert_close(paper.features, paper.noisy, atol=2.0**-17, rtol=0)


@pytest.mark.parametrize("head", ["gain", "magnitude"])
def test_the_network_equals_the_float_pipeline(rng, head):
    """Same features, weights and context: PyTorch while training, NumPy afterwards."""
    torch.manual_seed(0)
    network = Network((12,), head, 0.1 if head == "gain" else 0.0)
    model = FloatModel(
        "twin",
        tuple(layer.weight.detach().numpy() for layer in network.layers),
        tuple(layer.bias.detach().numpy() for layer in network.layers),
        Speech("magnitude", head, network.gain_floor),
    )
    signal = rng.normal(0, 0.1, 4000)
    magnitude = torch.from_numpy(np.abs(stft.stft(signal))).float()[None]
    with torch.no_grad():
        enhanced = network(magnitude, magnitude)[0].numpy()
    phase = np.exp(1j * np.angle(stft.stft(signal)))
    with Enhancer(model) as enhancer:
        result = enhancer.enhance(signal, 8000)
    expected = stft.istft(enhanced * phase, 4000)
    np.testing.assert_allclose(result[:3900], np.clip(expected, -1, 1)[:3900], atol=2e-6)


def test_the_bands_are_those_of_stoi():
    expected, _ = thirdoct(8000, 256, 15, 150)
    np.testing.assert_array_equal(third_octaves().numpy().T, expected)


@pytest.fixture
def magnitudes(rng):
    """Clean and noise magnitudes, envelopes that vary and ones that hardly do."""
    draws = rng.gamma(0.3, 1, (2, 150, 129)), rng.gamma(2, 0.3, (2, 150, 129))
    return [torch.tensor(draw, dtype=torch.float32) for draw in draws]


def test_loss_is_least_for_the_clean_and_ignores_level(magnitudes):
    clean, noise = magnitudes
    noisy, loss = clean + noise, Loss(1.0)
    perfect, better, same = (float(loss(clean + a * noise, noisy, clean)) for a in (0, 0.5, 1))
    assert perfect < 1e-4 < better < same
    quiet = loss(noisy * 0.01, noisy * 0.01, clean * 0.01)
    assert float(quiet) == pytest.approx(same, rel=0.02)


def test_a_clip_made_worse_costs_more(magnitudes):
    clean, noise = magnitudes
    noisy, worse, loss = clean + 0.5 * noise, clean + noise, Loss(0.0)
    cost = float(loss(worse, noisy, clean) - loss(noisy, noisy, clean))
    before, after = (loss.correlation(m / clean.std(), clean / clean.std()) for m in (noisy, worse))
    assert cost == pytest.approx((1 + HARM) * float((before - after).mean()), rel=0.05)


def test_loss_has_a_finite_gradient_in_silence():
    clean, enhanced = torch.zeros(1, 100, 129), torch.zeros(1, 100, 129, requires_grad=True)
    Loss(1.0)(enhanced, clean, clean).backward()
    assert torch.isfinite(enhanced.grad).all()


def test_channels_change_the_spectrum_only(rng):
    tone = np.sin(2 * np.pi * 100 * np.arange(8000) / 8000)
    response = augment.telephone(rng, 8000)
    assert augment.filtered(tone, response).std() < 0.5 * tone.std()
    assert np.abs(augment.filtered(tone, np.ones(4001)) - tone).max() < 1e-12
    assert np.abs(augment.room(rng, 8000)).std() > 0


@pytest.mark.slow
def test_training_goes_on_where_it_stopped(folders, tmp_path, monkeypatch):
    speech, noise = folders
    options = {"speech": speech, "noise": noise, "hidden": 8, "seed": 2}
    monkeypatch.setattr(material, "VALIDATION", 2)
    monkeypatch.setattr(FromScratch, "every", 3)
    whole = train(tmp_path / "whole.npz", "mlp", steps=6, **options)

    def killed(training: Training, batch: Batch) -> float:
        if training.step == 4:
            raise KeyboardInterrupt
        return advance(training, batch)

    advance = Training._advance
    monkeypatch.setattr(Training, "_advance", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut.npz", "mlp", steps=6, **options)
    monkeypatch.setattr(Training, "_advance", advance)
    assert (tmp_path / "cut.checkpoint").exists()
    with pytest.raises(ValueError, match="other settings"):
        train(tmp_path / "cut.npz", "mlp", steps=7, **options)
    with pytest.raises(ValueError, match="other recordings"):
        train(tmp_path / "cut.npz", "mlp", steps=6, **{**options, "speech": speech / "sub"})
    state = (tmp_path / "cut.checkpoint").read_bytes()
    (tmp_path / "cut.checkpoint").write_bytes(state[:1000])
    with pytest.raises(ValueError, match="damaged"):
        train(tmp_path / "cut.npz", "mlp", steps=6, **options)
    (tmp_path / "cut.checkpoint").write_bytes(state)
    resumed = train(tmp_path / "cut.npz", "mlp", steps=6, **options)
    assert FloatModel.load(tmp_path / "cut.npz").digest == resumed.digest
    assert not (tmp_path / "cut.checkpoint").exists()
    for a, b in zip(whole.weights + whole.biases, resumed.weights + resumed.biases, strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.abs(a).max() <= LIMIT


@pytest.mark.slow
def test_memory_goes_on_where_it_stopped(folders, tmp_path, monkeypatch):
    """A checkpoint at every step, none of them a validation's: the same weights in the end."""
    speech, noise = folders
    small = {"width": 4, "depth": 2, "clips": 2, "steps": 5}
    monkeypatch.setitem(run.RECIPES, "memory", MemoryRecipe(**small))
    monkeypatch.setattr(material, "Pool", partial(Pool, size=5))
    monkeypatch.setattr(material, "VALIDATION", 1)
    monkeypatch.setattr(loop, "CHECKPOINT", 0.0)
    options = {"speech": speech, "noise": noise}
    whole = train(tmp_path / "whole.npz", "memory", **options)

    def killed(training: Training, batch: tuple[torch.Tensor, ...]) -> float:
        if training.step == 3:
            raise KeyboardInterrupt
        return advance(training, batch)

    advance = Training._advance
    monkeypatch.setattr(Training, "_advance", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut.npz", "memory", **options)
    monkeypatch.setattr(Training, "_advance", advance)
    assert torch.load(tmp_path / "cut.checkpoint", weights_only=True)["step"] == 3
    train(tmp_path / "cut.npz", "memory", **options)
    resumed = FloatModel.load(tmp_path / "cut.npz")
    assert replace(resumed, name="whole").digest == whole.digest


def test_without_biases_all_levels_are_alike(rng):
    torch.manual_seed(1)
    network = Network((12,), "magnitude", 0.0, biases=False)
    assert all(not layer.bias.any() for layer in network.layers)
    magnitude = torch.tensor(rng.gamma(0.3, 1, (1, 20, 129)), dtype=torch.float32)
    loud, quiet = network(magnitude, magnitude), network(magnitude * 0.01, magnitude * 0.01)
    torch.testing.assert_close(loud * 0.01, quiet)
    assert loud.max() > 0
    loud.sum().backward()
    torch.optim.Adam(network.parameters()).step()
    assert all(not layer.bias.any() for layer in network.layers)


def test_weights_and_biases_are_clamped():
    network = Network((4,), "gain", 0.1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(3.0)
            parameter.view(-1)[0] = -3.0
    network.clamp()
    for parameter in network.parameters():
        assert (parameter.min(), parameter.max()) == (-LIMIT, LIMIT)


def test_what_cannot_be_trained_is_refused_at_once(folders, tmp_path):
    speech, noise = folders
    options = {"speech": speech, "noise": noise}
    for hidden in (0, -5, (256, 5000)):
        with pytest.raises(ValueError, match="hidden layer"):
            train(tmp_path / "m.npz", "mlp", hidden=hidden, **options)
    with pytest.raises(FileNotFoundError, match="no folder"):
        train(tmp_path / "nowhere" / "m.npz", **options)
    with pytest.raises(ValueError, match="is a folder"):
        train(tmp_path, **options)
    (tmp_path / "bad").mkdir()
    for name in ("text.wav", "words.wav"):
        (tmp_path / "bad" / name).write_text("no sound")
    with pytest.warns(match="skipped"), pytest.raises(ValueError, match="none of the"):
        train(tmp_path / "m.npz", speech=tmp_path / "bad", noise=noise)
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.slow
def test_bad_validation_files_are_skipped(folders, tmp_path):
    speech, noise = folders
    voices = tmp_path / "voices"
    voices.mkdir()
    soundfile.write(voices / "silent.wav", np.zeros(24000), 8000)
    soundfile.write(voices / "good.wav", reading.read_mono(speech / "a.wav"), 8000)
    options = {"speech": speech, "noise": noise, "val_speech": voices, "val_noise": noise}
    with pytest.warns(match=r"skipped for validation: silent\.wav"):
        train(tmp_path / "m.npz", "mlp", steps=1, hidden=4, **options)
