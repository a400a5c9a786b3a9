"""The pool: the same batches for a resumed run, mixtures as drawn, clips renewed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from nibblestream.train import clips, supply
from nibblestream.train.corpus import Corpus
from nibblestream.train.supply import Pool

pytestmark = pytest.mark.numeric


@pytest.fixture
def corpora(tmp_path: Path, rng: np.random.Generator) -> list[Corpus[Path]]:
    found = []
    for kind in ("speech", "noise"):
        for i in range(2):
            soundfile.write(tmp_path / f"{kind}{i}.wav", rng.normal(0, 0.1, 30000), 8000)
        found.append(Corpus(sorted(tmp_path.glob(f"{kind}*.wav"))))
    return found


def pool(corpora, seed=3):
    return Pool(*corpora, seed, count=3, seconds=1.0, size=8)


def test_a_pool_that_starts_late_gives_the_same_batches(corpora):
    early, late = pool(corpora), pool(corpora)
    batches = [early[step] for step in range(10)]
    for step in (6, 9):
        for a, b in zip(batches[step], late[step], strict=True):
            assert torch.equal(a, b)
    assert not torch.equal(batches[6].clean, batches[7].clean)
    assert not torch.equal(pool(corpora, seed=4)[6].clean, batches[6].clean)


def test_clips_are_renewed_a_few_at_a_time(corpora):
    whole = pool(corpora)
    whole[0]
    before = whole._speech.clone()
    whole[1]
    changed = (whole._speech != before).any(1)
    assert int(changed.sum()) == supply.RENEWED


def test_batches_are_what_a_network_meets(corpora):
    noisy, clean = pool(corpora)[0]
    assert noisy.shape == clean.shape == (3, 8000)
    assert noisy.abs().max() <= 1
    assert torch.equal(noisy * 2**15, (noisy * 2**15).round())


def test_speech_and_noise_meet_at_the_ratio_drawn(corpora, monkeypatch):
    monkeypatch.setattr(supply, "SNR", (5.0, 5.0))
    for name in ("CLEAN", "FILTERED", "TELEPHONE"):
        monkeypatch.setattr(supply, name, 0.0)
    monkeypatch.setattr(supply, "LOUD", 0.0)
    monkeypatch.setattr(supply, "LEVEL", (-6.0, -3.0))
    noisy, clean = pool(corpora)[0]
    ratio = clean.square().sum(1) / (noisy - clean).square().sum(1)
    np.testing.assert_allclose(10 * np.log10(ratio.numpy()), 5.0, atol=0.05)


def test_some_clips_begin_with_noise_alone(corpora, monkeypatch):
    for fraction, alone in ((0.0, 0), (1.0, 3)):
        monkeypatch.setattr(supply, "LATE", fraction)
        monkeypatch.setattr(supply, "FILTERED", 0.0)
        monkeypatch.setattr(supply, "TELEPHONE", 0.0)
        noisy, clean = pool(corpora)[0]
        start, end = (part.square().mean(1) for part in (clean[:, :700], clean[:, -700:]))
        assert int((start < 1e-6 * end).sum()) == alone
        assert (noisy[:, :700].square().mean(1) > 0).all()


def test_speed_changes_pitch_and_keeps_level(rng):
    def draw(rng, samples):
        return np.sin(2 * np.pi * 500 * np.arange(samples) / 8000)

    signal = clips.at_speed(rng, draw, (1.5, 1.5), 16000)
    assert len(signal) == 16000
    peak = np.abs(np.fft.rfft(signal)).argmax() / 2
    assert peak == pytest.approx(750, abs=5)
    assert signal.std() == pytest.approx(np.sqrt(0.5), rel=0.02)


@pytest.mark.parametrize("seed", range(12))
def test_every_clip_has_unit_power(corpora, seed):
    rng = np.random.default_rng(seed)
    for signal in (clips.speech(rng, corpora[0], 16000), clips.noise(rng, *corpora, 16000)):
        assert signal.shape == (16000,)
        assert np.mean(signal**2) == pytest.approx(1, rel=1e-3)
