"""Spectra and features in PyTorch equal those of the pipeline."""

import numpy as np
import pytest
import torch

from nibblestream import spec
from nibblestream.speech import stft
from nibblestream.speech.features import LOG2_ERROR, FloorTracker
from nibblestream.train.spectra import OCTAVES, Frames, log2_over_floor

pytestmark = pytest.mark.numeric

CPU = torch.device("cpu")


def test_a_window_of_128_gives_the_pipelines_spectra(rng):
    signal = rng.normal(0, 0.1, 4000)
    found = Frames(128, CPU).stft(torch.tensor(signal[None], dtype=torch.float32))[0].T
    np.testing.assert_allclose(found.numpy(), stft.stft(signal), atol=1e-5)


@pytest.mark.parametrize("window", [128, 256])
def test_spectra_give_the_signal_back_and_fit_their_format(rng, window):
    frames = Frames(window, CPU)
    signal = torch.tensor(rng.uniform(-1, 1, (2, 4000)), dtype=torch.float32)
    torch.testing.assert_close(frames.istft(frames.stft(signal), 4000), signal, atol=1e-5, rtol=0)
    loudest = frames.stft(torch.ones(1, 1000)).abs().max()
    assert float(loudest) == pytest.approx(-spec.SPECTRUM.low * spec.SPECTRUM.resolution)


def test_a_window_of_256_looks_16_ms_ahead():
    click = torch.zeros(1, 2000)
    click[0, 1000] = 1.0
    level = Frames(256, CPU).stft(click)[0].abs().amax(0)
    assert torch.nonzero(level > 1e-6).flatten().tolist() == [14, 15, 16, 17]  # 872 < 64 t < 1128


def test_features_are_the_trackers(rng):
    integers = spec.MAGNITUDE.from_float(rng.gamma(0.2, 0.1, (200, 129)))
    magnitude = torch.tensor(spec.MAGNITUDE.to_float(integers), dtype=torch.float32)
    found = log2_over_floor(magnitude[:, None])[:, 0].numpy()
    expected = spec.FEATURE.to_float(FloorTracker().process(integers))
    bound = 2 * LOG2_ERROR / 2**spec.LOG2_FRAC / OCTAVES + spec.FEATURE.resolution
    assert np.abs(found - expected).max() <= bound  # of a level and its floor; rounding
    assert np.array_equal(found * 2**spec.FEATURE.frac, np.round(found * 2**spec.FEATURE.frac))
