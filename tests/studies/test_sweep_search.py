"""The search finds, repeats itself, keeps all places taken, and resumes."""

import math
import threading
from concurrent.futures import Future
from pathlib import Path

import optuna
import pytest

from nibblestream.studies.sweep import sampler as module
from nibblestream.studies.sweep.journal import open_journal
from nibblestream.studies.sweep.judge import Steps
from nibblestream.studies.sweep.sampler import Sampler
from nibblestream.studies.sweep.search import IN_VAIN, search
from nibblestream.studies.sweep.space import SCHEMES, Settings, Space, paper_settings
from nibblestream.studies.sweep.trial import Trial, front

pytestmark = pytest.mark.numeric

FOUR = Space(2, ("rs-vbs",), (4,))


def judged(settings: Settings) -> Trial:
    """Score settings by how near their internal partitions begin and end to a known place."""
    ends = (*settings["p_start"], *(1 - q for q in settings["p_stop"]))
    stoi = -sum(abs(math.log(p / 0.01)) for p in ends)
    return Trial(settings, sum(settings["bits"]), stoi)


def at_once(settings: Settings) -> Steps:
    """Judge without waiting."""
    future: Future = Future()
    future.set_result(settings)
    return judged((yield future))


class Workers:
    """Ends a trial whenever all places are taken, but the first one only after all others.

    Parameters
    ----------
    places, trials : int
    rng : Generator
        Chooses the trial that ends.
    """

    def __init__(self, places: int, trials: int, rng) -> None:
        self.places, self.left, self.rng = places, trials, rng
        self.begun: list[Settings] = []
        self.running: list[Future] = []

    def judge(self, settings: Settings) -> Steps:
        future: Future = Future()
        self.begun.append(settings)
        self.running.append(future)
        self.left -= 1
        while self.left == 0 and self.running:
            self.running.pop().set_result(None)
        if len(self.running) == self.places:
            self.running.pop(1 + self.rng.integers(self.places - 1)).set_result(None)
        yield future
        return judged(settings)


def test_it_finds_what_is_better_than_the_papers_choice() -> None:
    found = search(FOUR, at_once, 120, 0)
    first = judged(paper_settings((4, 4))).stoi
    assert found[0].stoi == pytest.approx(first)
    assert len({trial.stoi for trial in found[:20]}) == 20  # each number draws anew
    best = [max(trial.stoi for trial in part) for part in (found[:32], found)]
    assert best[1] > 0.5 * first
    assert best[1] > best[0]


def test_the_same_seed_gives_the_same_trials_and_more_of_them() -> None:
    twice = [search(FOUR, at_once, n, 7) for n in (40, 40, 60)]
    assert twice[0] == twice[1]
    assert twice[2][:40] == twice[0]
    assert search(FOUR, at_once, 40, 8) != twice[0]


def test_no_trial_waits_for_the_slowest(rng) -> None:
    workers = Workers(4, 50, rng)
    rescue = threading.Timer(20, lambda: [future.set_result(None) for future in workers.running])
    rescue.start()  # a search that waits for the first trial ends, too early, and not never
    found = search(FOUR, workers.judge, 50, 0, places=lambda: 4)
    rescue.cancel()
    assert len(found) == len(workers.begun) == 50
    assert found.index(judged(workers.begun[0])) >= 46  # the last four end in any order


def test_trials_of_one_future_all_end() -> None:
    """Settings with the same codes wait for one score."""
    shared: Future = Future()
    begun = 0

    def judge(settings: Settings) -> Steps:
        nonlocal begun
        begun += 1
        if begun == 3:
            shared.set_result(None)
        yield shared
        return judged(settings)

    assert len(search(FOUR, judge, 3, 0, places=lambda: 3)) == 3


class Killed(BaseException):
    """Ends a search at once."""


@pytest.mark.parametrize("after", [12, 60])
def test_a_search_that_is_killed_goes_on_as_if_it_had_not_been(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the sampler's window was reduced before; no trial that ended is judged again."""
    monkeypatch.setattr(module, "WINDOW", 40)
    monkeypatch.setattr(module, "KEPT", 20)
    space = Space(2, ("rs", "u", "rs-vbs"), (2, 4))
    whole = search(space, at_once, 70, 3)
    begun = 0

    def judge(settings: Settings) -> Steps:
        nonlocal begun
        if begun == after:
            raise Killed
        begun += 1
        return (yield from at_once(settings))

    with open_journal(tmp_path / "a.jsonl") as journal, pytest.raises(Killed):
        search(space, judge, 70, 3, journal=journal)
    after, begun = -1, 0
    with open_journal(tmp_path / "a.jsonl") as journal:
        assert search(space, judge, 70, 3, journal=journal) == whole
    assert begun == 70 - len([1 for event in journal.events if event.trial])


def test_with_several_places_what_ended_is_kept(tmp_path: Path, rng) -> None:
    """A trial that was running is judged again, once, with more places than before as well."""
    path = tmp_path / "sweeps" / "a.jsonl"
    first = Workers(4, 100, rng)

    def until(settings: Settings) -> Steps:
        if len(first.begun) == 30:
            raise Killed
        return (yield from first.judge(settings))

    with open_journal(path) as journal, pytest.raises(Killed):
        search(FOUR, until, 100, 0, places=lambda: 4, journal=journal)
    with path.open("a") as file:
        file.write('{"number": 31, "tri')  # what kill -9 can leave
    with open_journal(path) as journal:
        ended = [event.trial for event in journal.events if event.trial]
        second = Workers(8, 100 - len(ended), rng)
        found = search(FOUR, second.judge, 100, 0, places=lambda: 8, journal=journal)
    assert len(ended) == 27
    assert found[:27] == ended
    assert len(found) == 100
    running = [settings for settings in first.begun if judged(settings) not in ended]
    assert second.begun[: len(running)] == running
    assert not any(judged(settings) in ended for settings in second.begun)
    with open_journal(path) as journal:
        asked = [event.number for event in journal.events if event.params]
        told = [event.number for event in journal.events if event.trial]
        assert sorted(asked) == sorted(told) == list(range(100))
        assert search(FOUR, at_once, 60, 0, journal=journal) == found[:60]


def test_resumed_trials_take_no_more_places_than_there_are(tmp_path: Path, rng) -> None:
    first, at_most = Workers(4, 100, rng), 0

    def until(settings: Settings) -> Steps:
        if len(first.begun) == 9:
            raise Killed
        return (yield from first.judge(settings))

    with open_journal(tmp_path / "a") as journal, pytest.raises(Killed):
        search(FOUR, until, 100, 0, places=lambda: 4, journal=journal)
    running = 0

    def judge(settings: Settings) -> Steps:
        nonlocal running, at_most
        running += 1
        at_most = max(at_most, running)
        trial = yield from at_once(settings)
        running -= 1
        return trial

    with open_journal(tmp_path / "a") as journal:
        assert len(search(FOUR, judge, 20, 0, places=lambda: 2, journal=journal)) == 20
    assert at_most == 2


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path / "a.jsonl"),
        pytest.raises(RuntimeError, match=r"another process runs this search \(it holds .*a\.js"),
        open_journal(tmp_path / "a.jsonl"),
    ):
        pass


def test_the_sampler_models_a_bounded_number_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    class Seen(optuna.samplers.RandomSampler):
        """Notes how many trials the study has whenever one is drawn."""

        def before_trial(self, study, trial) -> None:
            counts.append(len(study.get_trials(deepcopy=False)))

    monkeypatch.setattr(Sampler, "_tpe", lambda self, number: Seen(number))
    search(FOUR, at_once, 400, 0)
    assert len(counts) == 400
    assert max(counts) == module.WINDOW


def test_a_full_window_keeps_the_best_and_the_latest() -> None:
    sampler, told = Sampler(Space(1, ("u",), (2, 4)), 0), []
    for i in range(module.WINDOW):
        number, _, settings = sampler.ask()
        size = settings["bits"][0]
        told.append((-abs(i - 40) - 100.0 * (size == 2), float(size)))
        sampler.tell(number, Trial(settings, size, told[-1][0]))
    kept = [tuple(trial.values) for trial in sampler._study.get_trials()]
    assert len(kept) == module.KEPT
    assert kept[-20:] == told[-20:]
    for size in (2, 4):
        ranked = sorted((of for of in told if of[1] == size), reverse=True)
        assert set(ranked[:10]) <= set(kept)


def test_bytes_are_told_where_they_differ() -> None:
    found = search(Space(2, SCHEMES, (2, 8)), at_once, 32, 0)
    assert {trial.bytes for trial in found} == {4, 10, 16}


def test_what_the_weights_do_not_allow_costs_no_trial() -> None:
    refused: list[Settings] = []

    def picky(settings: Settings) -> Steps:
        if settings["m"][0] < 8:
            refused.append(settings)
            return "no such m here"
        return (yield from at_once(settings))

    found = search(FOUR, picky, 20, 0)
    assert refused
    assert len(found) == 20
    assert {trial.settings["m"][0] for trial in found} == {8}

    def never(settings: Settings) -> Steps:
        refused.append(settings)
        return "weights reach 2"
        yield

    refused.clear()
    with pytest.raises(ValueError, match="no settings of the space suit the model: weights reach"):
        search(FOUR, never, 20, 0)
    assert len(refused) == IN_VAIN


def test_the_front() -> None:
    points = [(100, 0.5), (100, 0.6), (50, 0.4), (200, 0.6), (300, 0.7), (50, 0.4)]
    trials = [Trial({"n": [i]}, size, score) for i, (size, score) in enumerate(points)]
    assert [trial.settings["n"][0] for trial in front(trials)] == [2, 1, 4]


def test_trials_out_of_range() -> None:
    with pytest.raises(ValueError, match="trials is 0"):
        search(FOUR, at_once, 0, 0)
