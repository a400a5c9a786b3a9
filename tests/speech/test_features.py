"""Features: the logarithm's bound, the floor, and the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream import spec
from nibblestream.speech import features
from nibblestream.speech.features import FloorTracker
from slow_integers import features as slow_features
from slow_integers import log2

pytestmark = pytest.mark.numeric

MAGNITUDE = st.integers(0, spec.MAGNITUDE.high)


def test_every_logarithm_is_within_its_bound():
    magnitude = np.arange(spec.MAGNITUDE.high + 1, dtype=np.int32)
    exact = np.log2(magnitude + 16.0) * 2**spec.LOG2_FRAC
    error = features.log2(magnitude) - exact
    assert np.abs(error).max() < features.LOG2_ERROR
    assert np.abs(error).max() > features.LOG2_ERROR / 2  # the bound says something


@given(MAGNITUDE)
def test_the_logarithm_equals_the_oracle(magnitude):
    assert int(features.log2(np.array([magnitude], np.int32))[0]) == log2(magnitude)


@given(st.lists(st.tuples(MAGNITUDE, MAGNITUDE), min_size=1, max_size=30))
def test_the_floor_equals_the_oracle(frames):
    result = FloorTracker().process(np.array(frames, np.int32))
    assert result.tolist() == slow_features([list(frame) for frame in frames])


@settings(deadline=None)
@given(st.lists(MAGNITUDE, min_size=2, max_size=50), st.data())
def test_blocks_do_not_matter(frames, data):
    frames = np.array(frames, np.int32)[:, None]
    cut = data.draw(st.integers(0, len(frames)))
    tracker = FloorTracker()
    parts = [tracker.process(frames[:cut]), tracker.process(frames[cut:])]
    np.testing.assert_array_equal(np.concatenate(parts), FloorTracker().process(frames))


def test_features_forget_the_level_and_the_channel(rng):
    loud = (2 ** rng.uniform(15, 18, (400, 8))).astype(np.int32)
    filtered = loud >> np.arange(8)  # each bin another gain, down to -42 dB
    difference = FloorTracker().process(loud) - FloorTracker().process(filtered)
    assert np.abs(difference).max() < 0.2 * 2**spec.LOG2_FRAC  # of an octave


def test_steady_noise_lies_near_the_floor_and_speech_above():
    steady = np.full((2000, 1), 1000, np.int32)
    assert FloorTracker().process(steady).tolist() == [[0]] * 2000
    steady[1500:1510] = 16000
    burst = FloorTracker().process(steady)[1500:1510] / 2**spec.LOG2_FRAC
    assert (burst > 3.8).all()


def test_extremes_saturate():
    tracker = FloorTracker()
    steps = np.array([[0], [spec.MAGNITUDE.high]], np.int32)
    assert tracker.process(steps).tolist() == [[0], [2047]]
    assert FloorTracker().process(steps[::-1]).tolist() == [[0], [-2048]]
    assert FloorTracker().process(np.zeros((0, 1), np.int32)).shape == (0, 1)
