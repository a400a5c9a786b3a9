"""Wav to wav: what comes in, at any rate, shape, level or length, comes back as it should."""

from dataclasses import replace

import numpy as np
import pytest

from networks import network, random_model
from nibblestream import Enhancer, spec
from nibblestream.speech import stft
from nibblestream.speech.pipeline import Pipeline
from nibblestream.speech.resampler import resample

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def enhancer():
    with Enhancer(random_model(np.random.default_rng(7))) as enhancer:
        yield enhancer


@pytest.fixture(scope="module")
def narrow():
    with Enhancer(random_model(np.random.default_rng(7)), band="narrow") as enhancer:
        yield enhancer


@pytest.fixture(scope="module")
def noisy():
    """Two seconds of noise bursts at 8 kHz."""
    rng = np.random.default_rng(8)
    return rng.normal(0, 0.1, 16000) * np.repeat(rng.uniform(0, 1, 20), 800)


@pytest.mark.parametrize("rate", [1000, 7999, 8000, 11025, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [None, 1, 2])
def test_shape_and_rate_come_back(enhancer, rng, rate, channels):
    shape = (rate // 4 + 3,) if channels is None else (rate // 4 + 3, channels)
    clean = enhancer.enhance(rng.normal(0, 0.1, shape), rate)
    assert clean.shape == shape
    assert np.abs(clean).max() <= 1  # false for NaN too
    assert clean.std() > 0.001


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 127, 128, 129, 1000])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_any_length(enhancer, rng, length, rate):
    assert enhancer.enhance(rng.normal(0, 0.1, length), rate).shape == (length,)


@pytest.mark.parametrize("dtype", ["int16", ">i2", "float32", "float64", "float16"])
def test_dtypes_come_back_and_agree(enhancer, noisy, dtype):
    integer = np.dtype(dtype).kind == "i"
    scaled = np.round(noisy * 2**15) if integer else noisy
    reference = enhancer.enhance(np.round(noisy * 2**15) / 2**15, 8000)
    clean = enhancer.enhance(scaled.astype(dtype), 8000)
    assert clean.dtype == dtype
    unit = 2.0**-15 if integer else 1
    assert np.abs(clean * unit - reference).max() < 2e-3


def test_channels_are_independent(enhancer, noisy):
    both = enhancer.enhance(np.stack([noisy, noisy[::-1]], axis=1), 8000)
    np.testing.assert_array_equal(both[:, 0], enhancer.enhance(noisy, 8000))
    np.testing.assert_array_equal(both[:, 1], enhancer.enhance(noisy[::-1], 8000))


@pytest.mark.parametrize("rate", [1000, 8000, 11025, 44100, 48000])
def test_it_is_resampling_stft_integers_and_back_in_one_go(narrow, rng, rate):
    """By the whole-signal functions, of which streaming ones must not differ in a bit."""
    noisy = rng.normal(0, 3, rate + 7).clip(-1, 1)  # so loud that the filters overshoot
    at_8k = np.clip(resample(noisy, rate, 8000), -1, 1)
    spectrum = stft.stft(np.append(at_8k, np.zeros(-len(at_8k) % 64)))
    parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
    integers = Pipeline(narrow.model).process(spec.SPECTRUM.from_float(parts))
    floats = spec.SPECTRUM.to_float(integers)
    clean = stft.istft(floats[..., 0] + 1j * floats[..., 1], len(at_8k))
    expected = resample(clean.clip(-1, 1), 8000, rate)[: len(noisy)].clip(-1, 1)
    np.testing.assert_array_equal(narrow.enhance(noisy, rate), expected)


@pytest.mark.parametrize("rate", [1000, 7999, 8000])
def test_up_to_8_khz_both_bands_are_the_same(enhancer, narrow, rng, rate):
    noisy = rng.normal(0, 0.3, rate).clip(-1, 1)
    np.testing.assert_array_equal(enhancer.enhance(noisy, rate), narrow.enhance(noisy, rate))


def test_calls_do_not_see_each_other(enhancer, noisy):
    first = enhancer.enhance(noisy, 8000)
    enhancer.enhance(noisy[::-1], 8000)
    np.testing.assert_array_equal(enhancer.enhance(noisy, 8000), first)


@pytest.fixture(scope="module")
def open_gain():
    """A model that lets everything through."""
    model = network(hidden=(16,))
    return replace(
        model,
        weights=tuple(0 * w for w in model.weights),
        front=replace(model.front, gain_floor=1.0),
    )


def test_an_open_gain_gives_the_input_back_in_time(noisy, open_gain):
    with Enhancer(open_gain) as enhancer:
        np.testing.assert_allclose(enhancer.enhance(noisy, 8000), noisy, atol=1e-12)
        high = np.sin(2 * np.pi * 1000 * np.arange(22050) / 44100)
        np.testing.assert_allclose(
            enhancer.enhance(high * 0.5, 44100)[2000:-2000], high[2000:-2000] * 0.5, atol=2e-3
        )


@pytest.mark.parametrize("band", ["full", "narrow"])
@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_resampling_does_not_overshoot_full_scale(open_gain, dtype, band):
    full = 32767 if dtype == "int16" else 1.0
    square = np.sign(np.sin(2 * np.pi * 200 * np.arange(22050) / 44100 + 0.1))
    with Enhancer(open_gain, band=band) as enhancer:
        clean = enhancer.enhance((square * full).astype(dtype), 44100)
    assert 0.99 * full < clean.max() <= full
    same_sign = clean[2000:-2000].astype(float) * square[2000:-2000]
    assert same_sign.mean() > 0.9 * full  # nothing wraps around


@pytest.mark.parametrize("level", [0.0, 1e-7, 1e-4, 1.0])
def test_silence_dc_and_extremes_stay_finite(enhancer, level):
    for signal in (np.full(4000, level), level * np.sign(np.sin(np.arange(4000.0)))):
        clean = enhancer.enhance(signal, 8000)
        assert np.abs(clean).max() <= min(1, 1.5 * level)  # never louder by surprise, nor NaN


def test_too_loud_is_clipped_with_a_warning(enhancer, noisy):
    loud = noisy * 100
    with pytest.warns(UserWarning, match="beyond full scale"):
        clean = enhancer.enhance(loud, 8000)
    np.testing.assert_array_equal(clean, enhancer.enhance(np.clip(loud, -1, 1), 8000))


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ValueError, "at least one sample"),
        (np.zeros((0, 2)), ValueError, "at least one sample"),
        (np.zeros((2, 3, 4)), ValueError, r"\(2, 3, 4\)"),
        (np.float64(0.5), ValueError, r"shape \(\)"),
        (np.zeros((2, 8000)), ValueError, "transposed"),
        ([0.0, np.nan], ValueError, "NaN"),
        ([0.0, np.inf], ValueError, "infinity"),
        (np.zeros(9, np.int32), TypeError, "int32"),
        (np.zeros(9, np.uint8), TypeError, "uint8"),
        (np.zeros(9, bool), TypeError, "bool"),
        (np.zeros(9, complex), TypeError, "complex"),
        (["a"], TypeError, "dtype"),
    ],
)
def test_bad_samples_are_refused(enhancer, samples, error, message):
    with pytest.raises(error, match=message):
        enhancer.enhance(samples, 8000)


@pytest.mark.parametrize("rate", [0, -8000, 999, 10**9, True])
def test_rates_out_of_range_are_refused(enhancer, rate):
    with pytest.raises(ValueError, match="sample rate"):
        enhancer.enhance(np.zeros(10), rate)


@pytest.mark.parametrize("rate", [8000.5, "8000", None])
def test_rates_that_are_no_integers_are_refused(enhancer, rate):
    with pytest.raises(TypeError, match="sample rate"):
        enhancer.enhance(np.zeros(10), rate)


def test_unknown_backends_models_and_bands_are_refused(tmp_path):
    model = random_model(np.random.default_rng(0))
    with pytest.raises(ValueError, match="no backend is called 'fpga'"):
        Enhancer(model, backend="fpga")
    with pytest.raises(FileNotFoundError, match="nothing"):
        Enhancer(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match="the band is 'wide'; expected full or narrow"):
        Enhancer(model, band="wide")


@pytest.mark.parametrize("model", [None, 5, b"default"])
def test_other_things_than_models_are_refused(model):
    with pytest.raises(TypeError, match="expected a name, a path"):
        Enhancer(model)
