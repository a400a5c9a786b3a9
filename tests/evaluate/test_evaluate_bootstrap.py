"""Intervals against known distributions and against clips that are not independent."""

import numpy as np
import pytest

from nibblestream.evaluate.bootstrap import interval

pytestmark = pytest.mark.numeric


def names(count: int) -> list[str]:
    return [f"clip {index}" for index in range(count)]


def test_the_interval_of_a_mean_is_the_normal_one(rng: np.random.Generator) -> None:
    values = rng.normal(0.5, 2.0, 400)
    mean, low, high = interval(values, np.ones(400), names(400))
    error = values.std() / 20
    assert mean == pytest.approx(values.mean(), abs=1e-12)
    assert [low, high] == pytest.approx([mean - 1.96 * error, mean + 1.96 * error], abs=0.1 * error)


def test_intervals_cover_the_truth_as_often_as_they_say(rng: np.random.Generator) -> None:
    samples = rng.exponential(1.0, (300, 100))
    intervals = [interval(sample, np.ones(100), names(100)) for sample in samples]
    covered = np.mean([low <= 1.0 <= high for _, low, high in intervals])
    assert 0.90 <= covered <= 0.98


def test_ratios_of_means(rng: np.random.Generator) -> None:
    base = rng.uniform(0.5, 1.0, 50)
    assert interval(0.1 * base, base, names(50)) == pytest.approx((0.1, 0.1, 0.1))
    mean, low, high = interval(rng.uniform(0, 0.1, 50), base, names(50))
    assert low < mean < high


def test_clips_of_one_name_are_drawn_together(rng: np.random.Generator) -> None:
    values = rng.standard_normal(60)
    alone = interval(values, np.ones(60), names(60))
    thrice = interval(np.repeat(values, 3), np.ones(180), np.repeat(names(60), 3))
    assert thrice == pytest.approx(alone)
    careless = interval(np.repeat(values, 3), np.ones(180), names(180))
    assert careless.high - careless.low < 0.7 * (alone.high - alone.low)


def test_one_clip_has_an_interval_of_no_width() -> None:
    assert interval(np.array([0.3]), np.ones(1), ["a"]) == (0.3, 0.3, 0.3)


def test_intervals_are_reproducible(rng: np.random.Generator) -> None:
    values = rng.standard_normal(30)
    assert interval(values, np.ones(30), names(30)) == interval(values, np.ones(30), names(30))
