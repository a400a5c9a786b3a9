"""A sweep from end to end: what it writes, what it compares, and that it goes on when killed."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nibblestream import Enhancer, QuantizedModel, quantize
from nibblestream.cli import main
from nibblestream.evaluate.metrics import stoi
from nibblestream.evaluate.workers import local
from nibblestream.studies.sweep import held_out, picture
from nibblestream.studies.sweep.held_out import Row
from nibblestream.studies.sweep.run import Sweep, sweep
from nibblestream.studies.sweep.space import Space, paper_settings, text
from nibblestream.studies.sweep.trial import Trial
from sweep_material import clips, folders, small


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory):
    return clips(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def front(material) -> Sweep:
    """A sweep over sizes."""
    return sweep(small(), *material, Space(2, bits=(4, 8)), trials=20)


def arguments(root: Path, out: str, *more: str) -> list[str]:
    """Return the command line of a small sweep; the material is made on the first call."""
    if not (root / "model.npz").exists():
        folders(root)
        small().save(root / "model.npz")
    named = {"--speech": "speech", "--noise": "noise"}
    named |= {"--val-speech": "val-speech", "--val-noise": "val-noise", "-o": out}
    paths = [text for option, name in named.items() for text in (option, str(root / name))]
    counts = ["--trials", "24", "--count", "3", "--val-count", "3", "--bits", "4", *more]
    return ["sweep", str(root / "model.npz"), *paths, *counts]


def mean(settings: dict | None, material: Sequence) -> float:
    """Score a model without any of the machinery."""
    model = small() if settings is None else quantize(small(), **settings)
    scores = []
    for source in material:
        clean, noisy = source.realise()
        with Enhancer(model) as enhancer:
            scores.append(stoi(clean, enhancer.enhance(noisy, 8000)))
    return float(np.mean(scores))


def by_label(found: Sweep) -> dict[str, Row]:
    return {row.label: row for row in found.rows}


def test_scores_are_those_of_the_models(front: Sweep, material) -> None:
    validation, test = material
    rows = by_label(front)
    best = front.rows[-1]
    assert best.validation == pytest.approx(mean(best.settings, validation), abs=1e-9)
    assert best.figures["stoi"].mean == pytest.approx(mean(best.settings, test), abs=1e-9)
    whole = mean(None, test)
    assert rows["random"].figures["stoi"].mean == pytest.approx(whole, abs=1e-9)
    loss = whole - best.figures["stoi"].mean
    assert best.figures["loss"].mean == pytest.approx(loss, abs=1e-9)
    fixed = mean(paper_settings(best.settings["bits"]), test)
    assert rows[best.beside].figures["stoi"].mean == pytest.approx(fixed, abs=1e-9)
    gain = best.figures["gain"]
    assert gain.mean == pytest.approx(best.figures["stoi"].mean - fixed, abs=1e-9)
    assert gain.low <= gain.mean <= gain.high


def test_each_find_stands_beside_the_papers_choice(front: Sweep) -> None:
    rows = by_label(front)
    assert list(rows)[:2] == ["noisy", "random"]
    assert front.rows[-1].kind == "found"
    found = [row for row in front.rows if row.kind == "found"]
    assert sorted(row.bytes for row in found) == [row.bytes for row in found]
    best: dict[int, float] = {}
    for trial in front.trials:
        best[trial.bytes] = max(best.get(trial.bytes, 0), trial.stoi)
    for row in found:
        assert row.validation == best[row.bytes]
        assert rows[row.beside].bytes == row.bytes
        assert rows[row.beside].settings["bits"] == row.settings["bits"]
        assert set(rows[row.beside].figures) == {"stoi", "loss", "loss_percent"}


def test_what_is_compared() -> None:
    sizes = ((2, 2), (4, 4), (4, 8))
    found = [Trial(paper_settings(bits), sum(bits), 0.5) for bits in sizes]
    rows = held_out.rows(small(), found)
    labels = [row.label for row in rows[2:]]
    assert labels == [
        *("fixed 2,2", "found 2,2", "fixed 4,4", "fixed 4,4, k 3,2", "found 4,4"),
        *("fixed 4,8", "found 4,8"),
    ]
    settings = {row.label: row.settings for row in rows}
    assert settings["fixed 4,4, k 3,2"]["k"] == [3, 2]
    assert settings["fixed 4,4"] == held_out.settle(small(), paper_settings((4, 4))).settings
    assert settings["fixed 4,8"]["scheme"] == ["rs-vbs", "u"]
    assert [row.beside for row in rows if row.kind == "found"] == labels[0:1] + labels[
        2:3
    ] + labels[5:6]


def test_workers_change_the_order_of_trials_only(front: Sweep, material) -> None:
    """As long as trials are random; a model's draws depend on what was told before them."""
    again = sweep(small(), *material, Space(2, bits=(4, 8)), trials=20, workers=local(2))
    assert ordered(again.trials) == ordered(front.trials)
    assert again.rows == front.rows


def ordered(trials: Sequence[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: text(trial.settings))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_command(tmp_path: Path, cache: Path) -> None:
    call = arguments(tmp_path, "out", "--scheme", "rs-vbs", "--jobs", "1")
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    assert re.search(r"^found 4,4 +4,644 +0\.\d{4} [+-]0\.\d{4} \[.*\] ", result.output, re.M)
    out = tmp_path / "out"
    names = {"random-4-4.npz", "sweep.csv", "sweep.json", "trials.csv", "sweep.pdf", "sweep.png"}
    assert {path.name for path in out.iterdir()} == names
    written = json.loads((out / "sweep.json").read_text())
    (best,) = (row for row in written["rows"] if row["kind"] == "found")
    model = QuantizedModel.load(out / "random-4-4.npz")
    again = quantize(small(), **best["settings"])
    assert all(
        (a.decoded == b.decoded).all() for a, b in zip(model.layers, again.layers, strict=True)
    )
    assert best["validation"] == max(trial["stoi"] for trial in written["trials"])
    with (out / "trials.csv").open() as file:
        trials = list(csv.DictReader(file))
    assert [float(row["stoi"]) for row in trials] == [t["stoi"] for t in written["trials"]]
    assert {row["scheme 1"] for row in trials} == {"rs-vbs"}
    with (out / "sweep.csv").open() as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    assert float(rows["found 4,4"]["gain low"]) == best["figures"]["gain"]["low"]
    assert (out / "sweep.pdf").read_bytes()[:5] == b"%PDF-"


@pytest.mark.slow
def test_a_sweep_that_is_killed_goes_on(tmp_path: Path, cache: Path) -> None:
    """What was known is not computed again, and the result is that of an undisturbed sweep."""
    one = ("--jobs", "1")  # with more, what is drawn depends on the order in which trials end
    command = [sys.executable, "-m", "nibblestream", *arguments(tmp_path, "killed", *one)]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)
    while process.poll() is None and len(_known(cache)) < 20:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()
    before = _known(cache)
    assert not (tmp_path / "killed" / "sweep.json").exists()
    subprocess.run(command, check=True, capture_output=True)
    after = _known(cache)
    assert 20 <= len(before) < len(after)
    assert before.items() <= after.items()  # a score that is computed again gets another number
    whole = [sys.executable, "-m", "nibblestream", *arguments(tmp_path, "whole", *one)]
    environment = {**os.environ, "NIBBLESTREAM_CACHE": str(tmp_path / "other")}
    subprocess.run(whole, check=True, capture_output=True, env=environment)
    for name in ("sweep.csv", "trials.csv", "sweep.pdf"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def _known(cache: Path) -> dict[str, int]:
    """Return the number of each score."""
    try:
        with sqlite3.connect(cache / "scores.sqlite") as database:
            found = dict(database.execute("SELECT key, rowid FROM scores").fetchall())
        database.close()
    except sqlite3.OperationalError:  # not there yet
        return {}
    return found


def test_figures_show_all_points_and_intervals(front: Sweep, tmp_path: Path) -> None:
    for name in ("a.png", "a.svg", "a.pdf"):
        picture.draw(front, small(), tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    for words in ("codes in kB", "mean STOI", "found by the sweep", "fixed choice", "Pareto front"):
        assert f"<!-- {words}" in text or words in text


def test_refusals(tmp_path: Path, cache: Path) -> None:
    call = arguments(tmp_path, "gone/out")
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "there is no folder" in result.output
    both = arguments(tmp_path, "out", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1")
    result = CliRunner().invoke(main, both)
    assert result.exit_code == 2
    assert "either --jobs (local processes) or --scheduler" in result.output
    same = arguments(tmp_path, "out")
    same[same.index("--speech") + 1] = str(tmp_path / "val-speech")
    result = CliRunner().invoke(main, same)
    assert result.exit_code == 2
    assert "both to search on and to report on" in result.output
    assert not (tmp_path / "out").exists()
