"""The STFT, against librosa's."""

import librosa
import numpy as np
import pytest

from nibblestream import spec
from nibblestream.speech import stft

pytestmark = pytest.mark.numeric

LAYOUT = {"n_fft": 256, "hop_length": 64}
WINDOWS = pytest.mark.parametrize("window", [128, 256])


@WINDOWS
@pytest.mark.parametrize("length", [256, 257, 1000, 1024, 8001])
def test_equal_to_librosa(rng, length, window):
    signal = rng.uniform(-1, 1, length)
    spectrum = stft.stft(signal, window)
    expected = librosa.stft(signal, win_length=window, **LAYOUT)
    np.testing.assert_allclose(spectrum, expected.T * 128 / window, atol=1e-13)
    np.testing.assert_allclose(
        stft.istft(spectrum * 0.5, length, window),
        librosa.istft(expected * 0.5, length=length, win_length=window, **LAYOUT),
        atol=1e-13,
    )


@WINDOWS
def test_full_scale_just_fills_the_spectrum_format(window):
    spectrum = stft.stft(np.ones(8000), window)
    assert np.abs(spectrum).max() == pytest.approx(64, abs=1e-12)
    integer = spec.SPECTRUM.from_float(spectrum.real)
    assert integer.max() == spec.SPECTRUM.high
    assert spec.SPECTRUM.to_float(integer.max()) == 64 - 2.0**-17


@WINDOWS
def test_signals_come_back(rng, window):
    signal = rng.uniform(-1, 1, 8000)
    np.testing.assert_allclose(
        stft.istft(stft.stft(signal, window), 8000, window)[:7936], signal[:7936], atol=1e-12
    )
