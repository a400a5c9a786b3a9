"""Streams of networks with memory and a window of 32 ms: chunks, latency, what a sample needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_sounddevice import CallbackAbort
from networks import remembering
from nibblestream import Enhancer, quantize
from nibblestream.enhance.live import Player

RATES = [8000, 11025, 48000]


@pytest.fixture(scope="module")
def model():
    return quantize(remembering(np.random.default_rng(3), (12, 7)))


@pytest.fixture
def noisy(rng):
    return rng.normal(0, 0.1, 4000)


def run(stream, chunks):
    with stream:
        return np.concatenate([*(stream.process(chunk) for chunk in chunks), stream.flush()])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 700), max_size=8),
    st.sampled_from(RATES),
    st.sampled_from(["full", "narrow"]),
)
def test_any_chunks_equal_the_whole(model, sizes, rate, band):
    signal = np.random.default_rng(len(sizes)).normal(0, 0.1, 3000)
    with Enhancer(model, band=band) as enhancer:
        whole = enhancer.enhance(signal, rate)
        chunks = np.split(signal, np.minimum(np.cumsum(sizes), len(signal)))
        assert run(enhancer.stream(rate), chunks).tobytes() == whole.tobytes()


@pytest.mark.usefixtures("kernel_cache")
@pytest.mark.parametrize("rate", RATES)
def test_the_kernels_give_the_bits_of_the_emulation(model, noisy, rate):
    with Enhancer(model) as emulated, Enhancer(model, "csim") as compiled:
        whole = emulated.enhance(noisy, rate)
        assert compiled.enhance(noisy, rate).tobytes() == whole.tobytes()


@pytest.mark.parametrize("rate", RATES)
def test_no_more_is_kept_back_than_the_latency(model, noisy, rate):
    with Enhancer(model) as enhancer:
        stream = enhancer.stream(rate)
        came = most = 0
        for i in range(len(noisy)):
            came += len(stream.process(noisy[i : i + 1]))
            most = max(most, i + 1 - came)
        assert 0.9 * (stream.latency - 1) <= most <= stream.latency - 1


def test_the_latency_at_8_khz_is_32_ms(model):
    with Enhancer(model) as enhancer, enhancer.stream() as stream:
        assert stream.latency == 256 == 0.032 * 8000
        assert Player(stream, 64, CallbackAbort).latency == 256


def test_a_sample_needs_256_from_the_first_of_its_hop(model, noisy):
    hop = 1280
    later, last = noisy.copy(), noisy.copy()
    later[hop + 256 :] *= -0.5
    last[hop + 255] += 0.25
    with Enhancer(model) as enhancer:
        whole, same, other = (enhancer.enhance(x, 8000) for x in (noisy, later, last))
    assert whole[: hop + 64].tobytes() == same[: hop + 64].tobytes()
    assert (whole[: hop + 64] != other[: hop + 64]).any()


def test_a_second_recording_starts_from_nothing(model, noisy):
    with Enhancer(model) as enhancer:
        first = enhancer.enhance(noisy, 8000)
        enhancer.enhance(noisy[::-1] * 2, 8000)
        assert enhancer.enhance(noisy, 8000).tobytes() == first.tobytes()
