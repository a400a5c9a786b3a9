"""CORDIC: held to its derived bounds, and bit for bit to the slow oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream import spec
from nibblestream.speech import cordic
from slow_integers import rotation, vectoring

pytestmark = pytest.mark.numeric

TOP = spec.SPECTRUM.high
BOTTOM = spec.SPECTRUM.low
SPECTRUM = st.integers(BOTTOM, TOP)


def edges():
    """Zero, one, the extremes and their neighbours on both axes: all octants and both diagonals."""
    values = [0, 1, 2, 3, 63, 64, 65, TOP // 2, TOP - 1, TOP, -BOTTOM]
    values = sorted({s * v for v in values for s in (1, -1) if BOTTOM <= s * v <= TOP})
    return np.array([(x, y) for x in values for y in values], np.int32)


def plane(rng, count):
    """Random points, at all levels: half uniform, half with a logarithmic radius."""
    uniform = rng.integers(BOTTOM, TOP, (count // 2, 2), endpoint=True)
    radius, angle = 2 ** rng.uniform(0, 23, count // 2), rng.uniform(0, 2 * np.pi, count // 2)
    polar = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return np.concatenate([uniform, np.clip(np.round(polar), BOTTOM, TOP)]).astype(np.int32)


def phase_difference(a, b):
    """In 2**-16 turns, the short way round."""
    return np.abs((a - b + 2**15) % 2**16 - 2**15)


def check_vectoring(points):
    magnitude, phase = cordic.vectoring(points)
    x, y = points.T.astype(np.float64)
    exact = np.hypot(x, y)
    assert (np.abs(magnitude - exact) <= cordic.magnitude_error(np.maximum(exact, 1))).all()
    assert 0 <= magnitude.min() <= magnitude.max() <= spec.MAGNITUDE.high
    assert -(2**15) <= phase.min() <= phase.max() < 2**15
    turns = np.arctan2(y, x) / (2 * np.pi) * 2**16
    some = exact > 0
    error = phase_difference(phase, turns)[some]
    assert (error <= cordic.phase_error(exact[some])).all()


def check_rotation(magnitude, phase):
    result = cordic.rotation(magnitude, phase)
    angle = phase * (2 * np.pi / 2**16)
    exact = np.stack([magnitude * np.cos(angle), magnitude * np.sin(angle)], axis=-1)
    error = np.abs(result - np.clip(exact, BOTTOM, TOP)).max(axis=-1)
    assert (error <= cordic.rotation_error(magnitude)).all()


def test_vectoring_on_the_edges_of_the_plane():
    check_vectoring(edges())


def test_vectoring_on_a_million_points(rng):
    check_vectoring(plane(rng, 1_000_000))


def test_rotation_on_the_edges():
    magnitude = [0, 1, 2, 100, TOP, TOP + 1, spec.MAGNITUDE.high]
    phase = [o * 2**13 + d for o in range(-4, 4) for d in (-1, 0, 1)]
    grid = np.array([(m, (p + 2**15) % 2**16 - 2**15) for m in magnitude for p in phase], np.int32)
    check_rotation(*grid.T)


def test_rotation_by_every_phase():
    phase = np.arange(-(2**15), 2**15, dtype=np.int32)
    check_rotation(np.full_like(phase, TOP), phase)


def test_rotation_on_a_million_points(rng):
    magnitude = (2 ** rng.uniform(0, 23.9, 1_000_000)).astype(np.int32)
    check_rotation(magnitude, rng.integers(-(2**15), 2**15, len(magnitude)).astype(np.int32))


def test_there_and_back(rng):
    points = np.concatenate([edges(), plane(rng, 100_000)])
    magnitude, phase = cordic.vectoring(points)
    exact = np.hypot(*points.T.astype(np.float64))
    # Both directions' own errors, and the phase's rounding seen from the end of the vector.
    exact = np.maximum(exact, 1)
    bound = (
        cordic.magnitude_error(exact)
        + cordic.rotation_error(magnitude)
        + exact * 2 * np.pi / 2**16 * cordic.phase_error(exact)
    )
    assert (np.abs(cordic.rotation(magnitude, phase) - points).max(axis=-1) <= bound).all()


def test_zero_stays_zero():
    magnitude, phase = cordic.vectoring(np.zeros((3, 2), np.int32))
    assert magnitude.tolist() == [0, 0, 0]
    assert cordic.rotation(magnitude, phase).tolist() == [[0, 0]] * 3


@given(SPECTRUM, SPECTRUM)
def test_vectoring_equals_the_oracle(re, im):
    magnitude, phase = cordic.vectoring(np.array([re, im], np.int32))
    assert (int(magnitude), int(phase)) == vectoring(re, im)


@given(st.integers(0, spec.MAGNITUDE.high), st.integers(-(2**15), 2**15 - 1))
def test_rotation_equals_the_oracle(magnitude, phase):
    assert tuple(cordic.rotation(np.int32(magnitude), np.int32(phase)).tolist()) == rotation(
        magnitude, phase
    )


def test_phases_wrap():
    phases = np.array([-5, 12345], np.int32)
    magnitude = np.full(2, 1000, np.int32)
    for turns in (-(2**16), 2**16, 3 * 2**16):
        np.testing.assert_array_equal(
            cordic.rotation(magnitude, phases + turns), cordic.rotation(magnitude, phases)
        )


def test_shapes_are_kept():
    magnitude, phase = cordic.vectoring(np.zeros((3, 129, 2), np.int32))
    assert magnitude.shape == phase.shape == (3, 129)
    assert cordic.rotation(magnitude, phase).shape == (3, 129, 2)
    assert cordic.vectoring(np.zeros((0, 129, 2), np.int32))[0].shape == (0, 129)


def test_angles_are_rounded_arc_tangents():
    exact = np.arctan(2.0 ** -np.arange(18)) / (2 * np.pi) * 2**spec.CORDIC_ANGLE_BITS
    assert np.abs(exact - cordic.ANGLES).max() <= 0.5


@pytest.mark.parametrize("bound", ["magnitude_error", "phase_error", "rotation_error"])
def test_bounds_are_tight_enough_to_mean_something(bound):
    at = {"magnitude_error": 1.5, "phase_error": 0.65, "rotation_error": 100}[bound]
    assert getattr(cordic, bound)(2.0**23) < at
