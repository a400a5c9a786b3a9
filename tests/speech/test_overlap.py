"""Streaming overlap-add: the STFT's inverse, whatever the chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream.speech import stft
from nibblestream.speech.overlap import Overlap

pytestmark = pytest.mark.numeric

WINDOWS = st.sampled_from(stft.WINDOWS)


def run(signal, chunks, spectra, window):
    overlap = Overlap(spectra, window)
    parts = [overlap.process(part) for part in np.split(signal, np.cumsum(chunks))]
    return np.concatenate([*parts, overlap.flush()])


@given(st.integers(0, 1500), WINDOWS)
def test_unchanged_spectra_give_the_signal_back(length, window):
    signal = np.random.default_rng(length).uniform(-1, 1, length)
    np.testing.assert_allclose(run(signal, [], lambda x: x, window), signal, atol=1e-12)


@given(st.integers(0, 1500), st.lists(st.integers(0, 300), max_size=6), WINDOWS)
def test_any_chunks_give_the_same_bits(length, chunks, window):
    rng = np.random.default_rng(length)
    signal, shape = rng.uniform(-1, 1, length), rng.uniform(0, 1, 129)
    once, again = (run(signal, cuts, lambda x: shape * x, window) for cuts in ([], chunks))
    assert once.tobytes() == again.tobytes()


@pytest.mark.parametrize("window", stft.WINDOWS)
def test_equals_the_inverse_of_the_whole_transform(rng, window):
    """But for the last hops, which the streamed windows reach with one more frame."""
    signal, shape = rng.uniform(-1, 1, 6400), rng.uniform(0, 1, 129)
    whole = stft.istft(shape * stft.stft(signal, window), 6400, window)
    streamed = run(signal, [], lambda x: shape * x, window)
    np.testing.assert_allclose(streamed[:-128], whole[:-128], atol=1e-12)


@pytest.mark.parametrize("window", stft.WINDOWS)
def test_a_sample_waits_for_its_windows_and_no_longer(window):
    overlap = Overlap(lambda x: x, window)
    for hops in range(1, 12):
        done = len(overlap.process(np.zeros(64)))
        assert done == (64 if 64 * hops >= window else 0)
