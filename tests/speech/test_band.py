"""The full band: an exact split, a gain that follows the network's, and nothing out of place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import network, random_model
from nibblestream import Enhancer, quantize, spec
from nibblestream.speech import band, stft
from nibblestream.speech.band import Full
from nibblestream.speech.band_gain import SmoothGain, gains
from nibblestream.speech.pipeline import Pipeline
from nibblestream.speech.resampler import SAMPLE, resample

pytestmark = pytest.mark.numeric

RATES = [8001, 11025, 16000, 22050, 44100, 48000, 96000, 192_000]
CHUNKS = st.lists(st.one_of(st.integers(0, 900), st.sampled_from([0, 1, 61, 4099])), max_size=12)


def run(processor, chunks):
    return np.concatenate([*(processor.process(chunk) for chunk in chunks), processor.flush()])


def cut(signal, sizes):
    return np.split(signal, np.minimum(np.cumsum(sizes), len(signal)))


# --- the split -------------------------------------------------------------------------------
class Untouched:
    """In place of `Overlap`: the samples themselves, one hop late; all frames have a gain of 1."""

    def __init__(self, spectra, window):
        spectra(np.ones((800, spec.BINS), complex))
        self._late = np.zeros(0)

    def process(self, samples):
        both = np.concatenate([self._late, samples])
        self._late = both[max(len(both) - spec.HOP, 0) :]
        return both[: len(both) - len(self._late)]

    def flush(self):
        return self._late


@settings(deadline=None, max_examples=40)
@given(CHUNKS, st.integers(0, 2**32), st.sampled_from(RATES), st.booleans())
def test_the_bands_sum_to_the_input_to_the_bit(sizes, seed, rate, square):
    rng = np.random.default_rng(seed)
    signal = rng.uniform(-1, 1, sum(sizes) + 1)
    if square:  # at full scale, where the filter overshoots and its output is clipped
        signal = np.sign(signal.cumsum())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(band, "Overlap", Untouched)
        out = run(Full(rate, lambda spectra: spectra), cut(signal, sizes))
    np.testing.assert_array_equal(out, np.round(signal * SAMPLE) / SAMPLE)


@pytest.mark.parametrize("rate", RATES)
def test_24_bits_come_back_through_a_network_that_changes_nothing(rng, rate):
    signal = np.round(rng.uniform(-1, 1, rate // 4) * 2**23) / 2**23
    out = run(Full(rate, lambda spectra: spectra), cut(signal, [1000, 1, 500]))
    np.testing.assert_allclose(out, signal, atol=2.0**-22)  # the FFTs' last places are rounded


@pytest.mark.parametrize("rate", RATES)
def test_a_closed_network_closes_both_bands(rng, rate):
    signal = rng.uniform(-1, 1, rate // 4)
    out = run(Full(rate, lambda spectra: 0 * spectra), [signal])
    assert np.abs(out).max() < 1e-3  # the gain of noise, over the integers' rounding


def test_low_tones_go_through_the_network_and_high_ones_by_it():
    """The network's own gain below 4 kHz; above, the one between 2 and 4 kHz, to the 1.5."""
    rate, time = 48_000, np.arange(48_000) / 48_000
    tones = {hertz: 0.2 * np.sin(2 * np.pi * hertz * time) for hertz in (1000, 3000, 9000)}
    shape = np.where(np.arange(spec.BINS) < spec.BINS // 2, 0.25, 0.5)
    out = run(Full(rate, lambda spectra: shape * spectra), [sum(tones.values())])
    inner = slice(rate // 4, -rate // 4)  # whole periods
    for hertz, gain in ((1000, 0.25), (3000, 0.5), (9000, 0.5**1.5)):
        tone = tones[hertz][inner]
        found = out[inner] @ tone / (tone @ tone)
        assert found == pytest.approx(gain, abs=2e-3), hertz


# --- the gain --------------------------------------------------------------------------------
def test_gains_are_ratios_of_energies_in_integers(rng):
    noisy, clean = rng.normal(0, 1e-3, (2, 40, spec.BINS, 2))
    clean[::4] *= 4  # louder than the input, as `paper` can be
    noisy[5], clean[5] = 90, 90  # loudest, where spectra saturate
    noisy[6], clean[6] = 0, 0
    expected = []
    for before, after in zip(noisy, clean, strict=True):
        energy = [
            sum(int(spec.SPECTRUM.from_float(value)) ** 2 for value in frame[64:].ravel())
            for frame in (before, after)
        ]
        expected.append(min(1.0, ((energy[1] + 256) / (energy[0] + 256)) ** 0.75))
    found = gains(*(parts[..., 0] + 1j * parts[..., 1] for parts in (noisy, clean)))
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert found[5] == found[6] == 1
    assert 0.5 < np.delete(found, [5, 6])[1::4].mean() <= 1


def smoothed(raw, rate, count):
    """By the definition: first-order smoothing, then lines between points at 64 t / 8000 s."""
    points, last = [], raw[0]
    for gain in raw:
        last = 0.5 * last + 0.5 * gain
        points.append(last)
    return np.interp(np.arange(count) / rate, np.arange(len(raw)) * 0.008, points)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([*RATES, 22_051, 767_999]))
def test_gains_are_smoothed_and_interpolated_in_pieces(seed, rate):
    rng = np.random.default_rng(seed)
    raw = rng.uniform(0, 1, 30)
    gain, parts, first = SmoothGain(rate), [], 0
    while first < len(raw):
        size = int(rng.integers(1, 9))
        gain.append(raw[first : first + size])
        first = min(first + size, len(raw))
        ready = (first - 1) * 64 * rate // 8000 - sum(map(len, parts))
        parts += [gain.take(count) for count in (ready // 3, 0, ready - ready // 3)]
    found = np.concatenate(parts)
    np.testing.assert_allclose(found, smoothed(raw, rate, len(found)), atol=1e-9)
    assert len(gain._points) <= 10


@pytest.mark.parametrize("rate", RATES)
def test_the_gain_does_not_click(rng, rate):
    """From closed to open takes more than a frame, in equal small steps."""
    gain = SmoothGain(rate)
    gain.append((rng.uniform(0, 1, 100) > 0.5).astype(float))
    steps = np.diff(gain.take(98 * 64 * rate // 8000))
    assert np.abs(steps).max() <= 0.5 / (0.008 * rate) * (1 + 1e-9)


def test_a_gain_is_in_time_with_its_frame():
    """A network that opens at one frame opens the band above from the frame before it on."""
    rate, frame = 48_000, 60
    counter = iter(range(1000))

    def opening(spectra):
        return np.array([(next(counter) >= frame) * row for row in spectra])

    tone = 0.5 * np.sin(2 * np.pi * np.arange(rate) / 4)  # 12 kHz
    tone += 0.1 * np.sin(2 * np.pi * np.arange(rate) / 16)  # 3 kHz, which the gain is heard by
    out = run(Full(rate, opening), [tone])
    high = out - resample(resample(out, rate, 8000), 8000, rate)
    level = np.abs(high).reshape(-1, 384).max(axis=1)  # of each hop
    assert level[: frame - 2].max() < 0.01
    for hops, gain in ((0, 0.5), (1, 0.75), (4, 1.0)):
        assert level[frame - 1 + hops] == pytest.approx(0.5 * gain, abs=0.03)


# --- the whole -------------------------------------------------------------------------------
def at_once(model, noisy, rate):
    """By whole-signal functions: the narrow band, and the rest of the input times the gain."""
    with Enhancer(model, band="narrow") as enhancer:
        low = enhancer.enhance(noisy, rate)
    at_8k = np.clip(resample(noisy, rate, 8000), -1, 1)
    high = np.round(noisy * SAMPLE) / SAMPLE - resample(at_8k, 8000, rate)[: len(noisy)]
    before = stft.stft(np.append(at_8k, np.zeros(-len(at_8k) % 64)))
    integers = spec.SPECTRUM.from_float(np.stack([before.real, before.imag], axis=-1))
    after = spec.SPECTRUM.to_float(Pipeline(model).process(integers))
    raw = gains(before, after[..., 0] + 1j * after[..., 1])
    return np.clip(low + smoothed(raw, rate, len(noisy)) * high, -1, 1)


@pytest.mark.parametrize("rate", RATES)
def test_it_is_the_narrow_band_and_the_rest_of_the_input_scaled(rng, rate):
    model = random_model(np.random.default_rng(7))
    noisy = 0.3 * rng.normal(0, 1, rate // 4 + 5) * (np.arange(rate // 4 + 5) > rate / 8)
    noisy = noisy.clip(-1, 1)
    with Enhancer(model) as enhancer:
        found = enhancer.enhance(noisy, rate)
    expected = at_once(model, noisy, rate)
    inner = np.abs(expected) < 1  # `low` was clipped where it is beyond full scale by itself
    np.testing.assert_allclose(found[inner], expected[inner], atol=1e-9)
    assert inner.mean() > 0.99


@pytest.fixture(scope="module")
def opened():
    """A model in integers that lets everything through."""
    model = network(hidden=(16,))
    weights = tuple(0 * w + np.float32(2.0**-8) for w in model.weights)
    return quantize(replace(model, weights=weights, front=replace(model.front, gain_floor=1.0)))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_an_open_network_keeps_the_input_and_its_level(opened, rng, rate):
    noisy = rng.normal(0, 0.1, rate)
    with Enhancer(opened) as enhancer:
        clean = enhancer.enhance(noisy, rate)
    np.testing.assert_allclose(clean, noisy, atol=2e-5)  # in its place, to the CORDIC's rounding
    assert abs(10 * np.log10(np.mean(clean**2) / np.mean(noisy**2))) < 0.1


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_several_channels_of_any_dtype(rng, dtype):
    noisy = rng.normal(0, 0.2, (4410, 3)).clip(-1, 1)
    noisy = np.round(noisy * 32767).astype(dtype) if dtype == "int16" else noisy.astype(dtype)
    with Enhancer(random_model(np.random.default_rng(7), (16,))) as enhancer:
        whole = enhancer.enhance(noisy, 44_100)
        assert whole.dtype == dtype
        for channel, expected in zip(noisy.T, whole.T, strict=True):
            found = run(enhancer.stream(44_100), cut(np.ascontiguousarray(channel), [7, 900]))
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("model", ["mlp", "paper"])
def test_silence_stays_silence(model):
    with Enhancer(model) as enhancer:
        silent, narrow = enhancer.enhance(np.zeros(9600), 48_000), Enhancer(model, band="narrow")
        np.testing.assert_array_equal(silent, narrow.enhance(np.zeros(9600), 48_000))
    assert np.abs(silent).max() < 2.0**-15


def test_kernels_give_the_same_bits(rng, kernel_cache):
    noisy = rng.normal(0, 0.1, 24_000)
    model = random_model(np.random.default_rng(7), (16,))
    with Enhancer(model) as emulated, Enhancer(model, "csim") as compiled:
        expected = emulated.enhance(noisy, 48_000)
        np.testing.assert_array_equal(compiled.enhance(noisy, 48_000), expected)
    with Enhancer(model, band="narrow") as narrow:
        assert np.abs(narrow.enhance(noisy, 48_000) - expected).max() > 0.01


@pytest.mark.parametrize("rate", [8001, 44_100, 192_000])
def test_a_long_stream_keeps_little(rng, rate):
    full = Full(rate, lambda spectra: 0.5 * spectra)
    for _ in range(60):
        full.process(rng.normal(0, 0.1, rate // 50))
        kept = len(full._inputs) + len(full._high)
        assert kept <= 0.02 * rate + 40 * rate / 8000
        assert len(full._gain._points) <= 6
