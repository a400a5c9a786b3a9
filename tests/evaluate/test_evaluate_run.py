"""Evaluation from end to end, with stand-ins for models and real speech where there is some."""

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from networks import network
from nibblestream import quantize
from nibblestream.evaluate import run
from nibblestream.evaluate.collect import collect
from nibblestream.evaluate.mixtures import mixtures
from nibblestream.evaluate.pairs import read_pairs
from nibblestream.evaluate.score import Enhance
from nibblestream.evaluate.scoring import evaluate, labels
from nibblestream.evaluate.workers import local

pytestmark = pytest.mark.numeric

RATE = 8000


@dataclass(frozen=True)
class StandIn:
    """What stands in for a model, by name."""

    digest: str


def stands_in(model: StandIn, backend: str) -> AbstractContextManager[Enhance]:
    """Open a stand-in: a simple filter, or something broken."""
    kinds = {
        "broken": lambda noisy: noisy * np.nan,
        "cut": lambda noisy: noisy[1:],
        "smooth": lambda noisy: np.convolve(noisy, [0.25, 0.5, 0.25], "same"),
        "mute": np.zeros_like,
    }
    if model.digest not in kinds:
        raise FileNotFoundError(f"{model.digest}: no such model")
    return nullcontext(kinds[model.digest])


def models(*names: str) -> dict[str, StandIn]:
    return {name: StandIn(name) for name in names}


def speech(seconds: float, seed: int) -> np.ndarray:
    n = int(seconds * RATE)
    envelope = np.abs(np.sin(2 * np.pi * 2 * np.arange(n) / RATE))
    return 0.1 * envelope * np.random.default_rng(seed).standard_normal(n)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Three good pairs, one too short for STOI, one whose noisy file is not there."""
    rows = ["clean,noisy,group"]
    for index, seconds in enumerate((2.0, 2.0, 2.0, 0.3)):
        clean = speech(seconds, index)
        noisy = clean + 0.5 * speech(seconds, 10 + index)
        soundfile.write(tmp_path / f"c{index}.wav", clean, RATE, subtype="FLOAT")
        soundfile.write(tmp_path / f"n{index}.wav", noisy, RATE, subtype="FLOAT")
        rows.append(f"c{index}.wav,n{index}.wav,{'even' if index % 2 == 0 else 'odd'}")
    rows.append("c0.wav,gone.wav,odd")
    (tmp_path / "PAIRS.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "PAIRS.csv"


def test_short_and_unreadable_clips_are_refused_and_counted(pairs: Path) -> None:
    results = evaluate(read_pairs(pairs), models("smooth"), open_model=stands_in)
    assert results["refused"]["count"] == 2
    short, gone = results["refused"]["clips"]
    assert "row 5 (n3.wav)" in short["clip"]
    assert "too short for STOI" in short["reason"]
    assert "gone.wav: no such file" in gone["reason"]
    groups = results["models"]["smooth"]["groups"]
    assert {group: figures["n"] for group, figures in groups.items()} == {
        "all": 3,
        "even": 2,
        "odd": 1,
    }
    assert groups["all"]["stoi"]["mean"] > 0.2


def test_parallel_equals_serial_and_calls_back(pairs: Path) -> None:
    ticks: list[int] = []
    serial = evaluate(read_pairs(pairs), models("smooth", "mute"), open_model=stands_in)
    parallel = evaluate(
        read_pairs(pairs),
        models("smooth", "mute"),
        workers=local(2),
        open_model=stands_in,
        on_scores=ticks.append,
    )
    assert parallel == serial
    assert sum(ticks) == 15


def test_silent_output_has_a_stoi_of_zero_and_no_si_sdr(pairs: Path) -> None:
    results = evaluate(read_pairs(pairs), models("mute"), open_model=stands_in)
    figures = results["models"]["mute"]["groups"]["all"]
    assert figures["stoi"]["mean"] == 0
    assert set(figures) == {"n", "stoi", "d_stoi"}
    assert sum(results["missing"]["mute"]["si_sdr"].values()) == 3


def test_losses_are_counted_from_the_origin(pairs: Path) -> None:
    options = {"open_model": stands_in, "metrics": ("stoi",), "origins": {"mute": "smooth"}}
    found = evaluate(read_pairs(pairs), models("mute", "smooth"), **options)["models"]
    assert found["mute"]["groups"]["all"]["loss_stoi_percent"]["mean"] == 100
    assert "loss_stoi" not in found["smooth"]["groups"]["all"]


def test_quantized_models_know_their_origin(tmp_path: Path) -> None:
    mine, other = network(hidden=(4,), seed=1), network(hidden=(4,), seed=2)
    for model, name in ((mine, "mine"), (quantize(mine), "small"), (quantize(other), "foreign")):
        model.save(tmp_path / f"{name}.npz")
    loaded = run.load([tmp_path / f"{name}.npz" for name in ("mine", "small", "foreign")])
    assert run.origins(loaded) == {"small": "mine"}
    assert [cost["weight_bytes"] for cost in run.costs(loaded).values()] == [18576, 2322, 2322]


def test_clean_speech_in(tmp_path: Path, pairs: Path) -> None:
    for name in ("speech", "noise"):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.wav", speech(2.0, 0), RATE, subtype="FLOAT")
    clips = collect(tmp_path / "speech", tmp_path / "noise", count=2, snrs=(float("inf"),))
    results = run.with_progress(clips, models("smooth"), open_model=stands_in)
    assert results["models"]["noisy"]["groups"]["snr=inf dB"]["stoi"]["mean"] > 0.999
    assert "si_sdr" not in results["models"]["noisy"]["groups"]["all"]
    assert "d_si_sdr" not in results["models"]["smooth"]["groups"]["all"]
    assert results["models"]["smooth"]["groups"]["all"]["si_sdr"]["mean"] > 0
    run.write(results, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == results


def test_errors_of_models_are_raised(pairs: Path) -> None:
    clips = read_pairs(pairs)
    with pytest.raises(ValueError, match=r"model 'broken' on PAIRS\.csv row 2 .* finite: False"):
        evaluate(clips, models("broken"), open_model=stands_in)
    with pytest.raises(ValueError, match=r"model 'cut' .* shape \(15999,\).* expected \(16000,\)"):
        evaluate(clips, models("cut"), open_model=stands_in)
    with pytest.raises(FileNotFoundError, match="none: no such model"):
        evaluate(clips, models("none"), workers=local(2), open_model=stands_in)


def test_labels_are_short_and_unique() -> None:
    assert labels(["mlp", "out/a.npz"]) == {"mlp": "mlp", "a": "out/a.npz"}
    assert set(labels(["x/a.npz", "y/a.npz", "b.npz"])) == {"x/a.npz", "y/a.npz", "b"}
    for twice in (["a", "a"], ["x/a.npz", "x/a.npz"], ["noisy.npz"]):
        with pytest.raises(ValueError, match="expected each once and none called 'noisy'"):
            labels(twice)


def test_parameters_out_of_range(pairs: Path) -> None:
    clips = read_pairs(pairs)
    with pytest.raises(ValueError, match="no clips"):
        evaluate([], {})
    with pytest.raises(ValueError, match=r"metrics are \['mos'\]; expected some of stoi, si_sdr"):
        evaluate(clips, {}, metrics=["mos"])
    with pytest.raises(ValueError, match="jobs is 0"):
        local(0)
    for wrong in ((None, None, None), (pairs, None, None), (pairs, pairs, pairs)):
        with pytest.raises(ValueError, match="either a pairs file, or"):
            collect(wrong[0], wrong[1], pairs=wrong[2])


def test_real_speech(shared_data: Path) -> None:
    folders = shared_data / "speech" / "val", shared_data / "noise" / "val"
    clips = mixtures(*folders, count=2, seed=1, channel="all")
    results = evaluate(clips, models("smooth"), workers=local(2), open_model=stands_in)
    groups = results["models"]["noisy"]["groups"]
    assert results["refused"]["count"] == 0
    assert {"channel=telephone", "snr=0 dB", "snr=5 dB"} <= set(groups)
    assert sum(group.count(", ") == 2 for group in groups) == 6
    figures = groups["all"]
    assert figures["n"] == 6
    assert 0.5 < figures["stoi"]["mean"] < 0.95
    assert -3 < figures["si_sdr"]["mean"] < 8
    assert 1.0 < figures["pesq"]["mean"] < 3.5
    assert evaluate(clips, models("smooth"), open_model=stands_in) == results


def test_a_bundled_model_runs_in_processes(pairs: Path) -> None:
    clips = read_pairs(pairs)[:2]
    results = evaluate(clips, run.load(["mlp"]), workers=local(2), metrics=("stoi",))
    assert np.isfinite(results["models"]["mlp"]["groups"]["all"]["d_stoi"]["mean"])
