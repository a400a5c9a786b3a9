"""The search finds, repeats itself, goes on, and tells the sampler what it was asked for."""

import math

import pytest

from nibblestream.studies.sweep import search as module
from nibblestream.studies.sweep.search import Trial, front, search
from nibblestream.studies.sweep.space import SCHEMES, Space, paper_settings
from sweep_material import small

pytestmark = pytest.mark.numeric

FOUR = Space(2, ("rs-vbs",), (4,))


def by_tails(batch: list) -> list[float]:
    """Score settings by how near their internal partitions begin and end to a known place."""
    return [
        -sum(abs(math.log(p / 0.01)) for p in (*s["p_start"], *(1 - q for q in s["p_stop"])))
        for s in batch
    ]


def test_it_finds_what_is_better_than_the_papers_choice() -> None:
    found = search(small(), FOUR, by_tails, 160, 0)
    first = by_tails([paper_settings((4, 4))])[0]
    assert found[0].stoi == pytest.approx(first)
    best = [max(trial.stoi for trial in part) for part in (found[:32], found)]
    assert best[1] > 0.5 * first
    assert best[1] > best[0]


def test_the_same_seed_gives_the_same_trials_and_more_of_them() -> None:
    twice = [search(small(), FOUR, by_tails, n, 7) for n in (40, 40, 60)]
    assert twice[0] == twice[1]
    assert twice[2][:40] == twice[0]
    assert search(small(), FOUR, by_tails, 40, 8) != twice[0]


def test_bytes_are_told_where_they_differ() -> None:
    space = Space(2, SCHEMES, (2, 8))
    found = search(small(), space, by_tails_or_none, 32, 0)
    sizes = {trial.bytes for trial in found}
    weights = 8 * 1032, 129 * 8
    assert sizes == {(a * weights[0] + b * weights[1]) // 8 for a in (2, 8) for b in (2, 8)}


def by_tails_or_none(batch: list) -> list[float]:
    return [0.5] * len(batch)


def test_what_the_weights_do_not_allow_costs_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = []

    def picky(model, settings):
        if settings["m"][0] < 8:
            refused.append(settings)
            raise ValueError("no such m here")
        return settings, 1

    monkeypatch.setattr(module, "settle", picky)
    judged: list = []

    def judge(batch):
        judged.extend(batch)
        return [0.5] * len(batch)

    found = search(small(), FOUR, judge, 20, 0)
    assert refused
    assert len(found) == 20
    assert judged[:20] == [trial.settings for trial in found]
    assert {settings["m"][0] for settings in judged} == {8}

    def never(model, settings):
        raise ValueError("weights reach 2")

    monkeypatch.setattr(module, "settle", never)
    with pytest.raises(ValueError, match="no settings suit random: weights reach 2"):
        search(small(), FOUR, judge, 20, 0)


def test_the_front() -> None:
    points = [(100, 0.5), (100, 0.6), (50, 0.4), (200, 0.6), (300, 0.7), (50, 0.4)]
    trials = [Trial({"n": [i]}, size, score) for i, (size, score) in enumerate(points)]
    assert [trial.settings["n"][0] for trial in front(trials)] == [2, 1, 4]


def test_trials_out_of_range() -> None:
    with pytest.raises(ValueError, match="trials is 0"):
        search(small(), FOUR, by_tails, 0, 0)
