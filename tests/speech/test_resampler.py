"""The resampler against SciPy's filter, and its exactness."""

from math import gcd

import numpy as np
import pytest
from scipy.signal import resample_poly

from nibblestream.speech.resampler import LOBES, SAMPLE, TAP, Resampler, resample

RATES = [1000, 7999, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("up", [False, True])
def test_it_is_scipys_polyphase_filter(rng, rate, up):
    rates = (8000, rate) if up else (rate, 8000)
    signal = rng.uniform(-1, 1, rates[0] // 2 + 3)
    common = gcd(*rates)
    steps = rates[1] // common, rates[0] // common
    expected = resample_poly(signal, *steps)
    found = resample(signal, *rates)
    assert len(found) == len(expected) == -(-len(signal) * steps[0] // steps[1])
    taps = 2 * LOBES * max(steps) / steps[0] + 1  # under a window, each rounded like the samples
    assert np.abs(found - expected).max() < taps * 0.5 / TAP + 3 * 0.5 / SAMPLE


@pytest.mark.parametrize("rate", [7999, 16000, 44100, 48000])
def test_sums_are_exact(rng, rate):
    """With integers of any length, added in another order, the same sums come out."""
    signal = np.round(rng.uniform(-8, 8, rate // 10) * SAMPLE) / SAMPLE
    found = resample(signal, rate, 8000)
    impulses = np.zeros(len(signal))
    for output in (len(found) // 3, len(found) // 2, len(found) - 1):
        weights = []
        for i in range(len(signal)):
            if abs(i * 8000 - output * rate) <= (LOBES + 1) * max(rate, 8000):
                impulses[i] = 1
                weights.append((i, resample(impulses, rate, 8000)[output]))
                impulses[i] = 0
        exact = sum(int(signal[i] * SAMPLE) * int(weight * TAP) for i, weight in weights)
        assert all(weight * TAP == int(weight * TAP) for _, weight in weights)
        assert int(found[output] * SAMPLE * TAP) == exact
        assert found[output] * SAMPLE * TAP == exact


def test_24_bits_pass_unrounded():
    samples = np.array([1 - 2.0**-23, -1, 2.0**-23, -(2.0**-23)])
    held = Resampler(16000, 8000)
    held.process(samples)
    np.testing.assert_array_equal(held._inputs[-4:], samples)


def test_odd_rates_near_the_limit_take_little_memory(rng):
    """Taps of 767,999 phases would fill more than 100 MB."""
    import tracemalloc

    resampler = Resampler(767_999, 8000)
    tracemalloc.start()
    out = [resampler.process(rng.uniform(-1, 1, 96_000)) for _ in range(3)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(map(len, out)) == pytest.approx(3000, abs=12)
    assert peak < 64e6
