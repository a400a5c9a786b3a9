"""The judge quantizes and scores on workers, and scores equal codes once."""

from __future__ import annotations

import pytest

from nibblestream.evaluate.known import Known
from nibblestream.evaluate.score import Scorer, System
from nibblestream.evaluate.score_table import ScoreTable
from nibblestream.evaluate.workers import Work, local, score
from nibblestream.studies.sweep.judge import ByStoi
from nibblestream.studies.sweep.search import search
from nibblestream.studies.sweep.settle import settle, settle_on_worker
from nibblestream.studies.sweep.space import Space, paper_settings, text
from nibblestream.studies.sweep.trial import Trial
from sweep_material import Named, small


class Judged:
    """A judge whose workers settle, and score clip `i` with 0.5 + `i`."""

    def __init__(self, known: Known | None = None, refused: str = "") -> None:
        self.model, self.asked, self.refused = small(), [], refused
        clips = [Named("a"), Named("b")]
        table = ScoreTable(clips, ("stoi",), "emu", known)
        with local(1)(Scorer(clips, {self.model.digest: self.model})) as here:
            self.here = here
        self.judge = ByStoi(self.model.digest, table, Work(self.submit, lambda: 1))

    def submit(self, function, argument):
        self.asked.append((function, argument))
        return self.here.submit(self.scores if function is score else function, argument)

    def scores(self, scorer, task):
        return [self.refused or {"stoi": 0.5 + row} for row in task.rows]

    def trial(self, settings) -> Trial | str:
        """Take all steps of a trial."""
        steps, result = self.judge(settings), None
        while True:
            try:
                result = steps.send(result).result()
            except StopIteration as end:
                return end.value


def test_a_trial_is_settled_and_scored_on_workers() -> None:
    judged = Judged()
    paper = paper_settings((4, 4))
    settled = settle(judged.model, paper)
    assert judged.trial(paper) == Trial(settled.settings, settled.bytes, 1.0)
    (first, asked), (second, task) = judged.asked
    assert (first, asked) == (settle_on_worker, (judged.model.digest, paper))
    assert second is score
    assert (task.rows, task.metrics) == ((0, 1), ("stoi",))
    assert task.system == System(judged.model.digest, text(settled.settings))


def test_equal_codes_are_scored_once() -> None:
    judged, paper = Judged(), paper_settings((4, 4))
    uniform = paper | {"scheme": ["u", "u"]}
    unshifted = paper | {"scheme": ["u-vbs", "u-vbs"], "k": [0, 0]}
    first, second = judged.trial(uniform), judged.trial(unshifted)
    assert first.stoi == second.stoi
    assert first.settings != second.settings
    assert [function for function, _ in judged.asked].count(score) == 1


def test_known_scores_are_not_asked_for(tmp_path) -> None:
    known = Known(tmp_path / "scores")
    first, again = Judged(known), Judged(known)
    paper = paper_settings((4, 4))
    assert first.trial(paper) == again.trial(paper)
    assert [function for function, _ in again.asked] == [settle_on_worker]


def test_refusals() -> None:
    reason = Judged().trial(paper_settings((4, 4), (11, 11)))
    assert isinstance(reason, str)
    assert "k is 11; expected 0 to 10" in reason
    with pytest.raises(ValueError, match="all validation clips were refused: no speech"):
        Judged(refused="no speech").trial(paper_settings((4, 4)))


def test_a_search_counts_equal_codes_as_trials() -> None:
    """Uniform layers of 8 bits have few different codes."""
    judged = Judged()
    assert len(search(Space(2, ("u",), (8,)), judged.judge, 20, 0)) == 20
    assert [function for function, _ in judged.asked].count(score) == 1
