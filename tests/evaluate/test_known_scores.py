"""Scores that are known are not computed again; whatever changes a score changes its name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from networks import network
from nibblestream.evaluate import known as module
from nibblestream.evaluate.known import Known, key
from nibblestream.evaluate.mixtures import mixtures
from nibblestream.evaluate.score import Scorer, System, Task
from nibblestream.evaluate.score_table import ScoreTable
from nibblestream.evaluate.workers import Work, local
from nibblestream.network.float_model import FloatModel

RATE = 8000


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two files of speech and one of noise."""
    rng = np.random.default_rng(0)
    found = []
    for name, count in (("speech", 2), ("noise", 1)):
        (tmp_path / name).mkdir()
        found.append(tmp_path / name)
        for index in range(count):
            wave = 0.1 * rng.standard_normal(2 * RATE)
            soundfile.write(tmp_path / name / f"{index}.wav", wave, RATE)
    return found[0], found[1]


def small() -> FloatModel:
    return network(hidden=(4,), seed=1)


def fill(clips: list, model: FloatModel, known: Known, settings: str = "") -> tuple[list, int]:
    """Return scores, and how many clips were worked on for it."""
    table = ScoreTable(clips, ("stoi", "si_sdr"), known=known)
    systems, worked = {"noisy": System(), "small": System(model.digest, settings)}, []
    with local(1)(Scorer(clips, {model.digest: model})) as here:

        def submit(function, task):
            worked.append(len(task.rows))
            return here.submit(function, task)

        return table.fill(Work(submit, here.places), systems), sum(worked)


def test_a_second_run_computes_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clips = mixtures(*folders, count=3)
    first = fill(clips, small(), Known(tmp_path / "scores"))
    assert first[1] == 6
    again = fill(clips, small(), Known(tmp_path / "scores"))
    assert again == (first[0], 0)


def test_a_killed_run_goes_on(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clips = mixtures(*folders, count=3)
    known = Known(tmp_path / "scores")
    fill(clips[:2], small(), known)
    assert fill(clips, small(), known)[1] == 2


def test_what_changes_a_score_makes_it_unknown(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clips = mixtures(*folders, count=1)
    known = Known(tmp_path / "scores")
    fill(clips, small(), known)
    assert fill(clips, network(hidden=(4,), seed=2), known)[1] == 1
    assert fill(clips, small(), known, '{"bits": 4}')[1] == 1
    for changed in ({"snr": 1.0}, {"start": 0.5}, {"channel": "telephone"}):
        assert fill([replace(clips[0], **changed)], small(), known)[1] == 2
    wave, _ = soundfile.read(clips[0].noise)
    soundfile.write(clips[0].noise, wave * 0.9, RATE)
    assert fill(clips, small(), known)[1] == 2


def test_names_tell_backends_metrics_and_code_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ("clip", System("model"), "emu", "stoi")
    names = {key(*parts)}
    for i, other in enumerate(("clip2", System("model", "{}"), "csim", "pesq")):
        names.add(key(*parts[:i], other, *parts[i + 1 :]))
    monkeypatch.setattr(module, "code", lambda: "other sources")
    names.add(key(*parts))
    assert len(names) == 6


def test_settings_are_arguments_of_quantize(folders: tuple[Path, Path]) -> None:
    model = small()
    clips = mixtures(*folders, count=1)
    scorer = Scorer(clips, {model.digest: model})
    scores = [
        scorer(Task(System(model.digest, settings), "x", (0,), ("stoi",)))[0]
        for settings in ("", '{"scheme": "u", "bits": 2}', '{"scheme": "u", "bits": 8}')
    ]
    assert len({score["stoi"] for score in scores}) == 3
    with pytest.raises(ValueError, match="scheme is 'v'"):
        scorer(Task(System(model.digest, '{"scheme": "v"}'), "x", (0,), ("stoi",)))
