"""From scores to the JSON: means, differences, losses, groups, what is missing or refused."""

import json

import numpy as np
import pytest

from nibblestream.evaluate.score import Scored
from nibblestream.evaluate.summary import digest, summarise
from nibblestream.evaluate.table import show

pytestmark = pytest.mark.numeric

NOISY = [0.6, 0.7, 0.8, 0.9]
FLOAT = [0.8, 0.8, 0.8, 0.8]
SMALL = [0.7, 0.8, 0.6, 0.8]


def clips() -> list[Scored]:
    scored = []
    for i, (noisy, whole, small) in enumerate(zip(NOISY, FLOAT, SMALL, strict=True)):
        scores = {
            "noisy": {"stoi": noisy, "si_sdr": 5.0 * i},
            "float": {"stoi": whole, "si_sdr": 5.0 * i + 1},
            "small": {"stoi": small, "si_sdr": "silent" if i == 3 else 5.0 * i + 2},
        }
        scored.append(Scored(f"clip {i}", (f"snr={i % 2} dB", "channel=none"), scores))
    return [*scored, Scored("clip 4", ("snr=0 dB",), refused="too short")]


def group(results: dict, model: str, name: str = "all") -> dict:
    return results["models"][model]["groups"][name]


def test_means_and_paired_differences() -> None:
    results = summarise(clips())
    assert group(results, "noisy")["stoi"]["mean"] == pytest.approx(0.75)
    assert group(results, "small")["d_stoi"]["mean"] == pytest.approx(-0.025)
    assert group(results, "small", "snr=1 dB")["d_stoi"]["mean"] == pytest.approx(0.0)
    assert "d_stoi" not in group(results, "noisy")
    ends = [group(results, "float")["d_si_sdr"][key] for key in ("low", "mean", "high")]
    assert ends == pytest.approx([1, 1, 1])  # each clip gains 1 dB: nothing is uncertain
    assert group(results, "float")["si_sdr"]["low"] < 5


def test_groups_count_scored_clips() -> None:
    results = summarise(clips())
    assert set(results["models"]["float"]["groups"]) == {
        "all",
        "snr=0 dB",
        "snr=1 dB",
        "channel=none",
    }
    assert group(results, "float")["n"] == 4
    assert group(results, "float", "snr=0 dB")["n"] == 2


def test_loss_against_a_reference_as_in_table_3() -> None:
    small = group(summarise(clips(), origins={"small": "float"}), "small")
    assert small["loss_stoi"]["mean"] == pytest.approx(0.075)
    assert small["loss_stoi_percent"]["mean"] == pytest.approx(100 * 0.075 / 0.8)
    assert small["loss_si_sdr"]["mean"] == pytest.approx(-1.0)
    results = summarise(clips(), origins={"small": "float"})
    assert "loss_stoi" not in group(results, "float")
    assert "loss_stoi" not in group(results, "noisy")
    assert "loss_stoi" not in group(summarise(clips()), "small")


def test_missing_scores_are_counted_and_never_averaged() -> None:
    results = summarise(clips())
    assert results["missing"] == {"noisy": {}, "float": {}, "small": {"si_sdr": {"silent": 1}}}
    assert group(results, "small")["si_sdr"]["mean"] == pytest.approx((2 + 7 + 12) / 3)
    assert group(results, "small")["d_si_sdr"]["mean"] == pytest.approx(2.0)
    nothing = [Scored("a", (), {"noisy": {"stoi": 0.5, "si_sdr": "infinite"}})]
    assert set(group(summarise(nothing), "noisy")) == {"n", "stoi"}


def test_refused_clips_are_counted_and_named() -> None:
    refused = summarise(clips())["refused"]
    assert refused == {"count": 1, "clips": [{"clip": "clip 4", "reason": "too short"}]}
    with pytest.raises(ValueError, match="all 1 clips were refused; the first: clip 4: too short"):
        summarise(clips()[4:])


def test_json_schema() -> None:
    results = json.loads(json.dumps(summarise(clips(), command="evaluate it"), allow_nan=False))
    assert set(results) == {"models", "command", "digest", "refused", "missing"}
    assert results["command"] == "evaluate it"
    for model in results["models"].values():
        for figures in model["groups"].values():
            assert isinstance(figures.pop("n"), int)
            for figure in figures.values():
                assert figure["low"] <= figure["mean"] <= figure["high"]


def test_the_digest_follows_clips_and_scores() -> None:
    same, other = clips(), clips()
    assert digest(clips()) == digest(same)
    other[1].scores["small"]["stoi"] += 1e-4
    assert digest(other) != digest(same)
    assert digest(clips()[::-1]) != digest(same)


def test_table_is_plain_text_of_100_columns(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {"small": {"weight_bytes": 148608, "macs_per_second": 37e6, "latency": None}}
    show({**summarise(clips(), origins={"small": "float"}), "costs": costs})
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 100
    for part in (
        "snr=1 dB",
        " n=2 ",
        "148,608",
        " 37 ",
        "whole file",
        " (9.4%)",
        "-0.075 ±.",
        "+1.0 ±.0",
        "refused clip 4",
    ):
        assert part in text
    assert "small: 1 clips without si_sdr: silent" in text
    assert "…" not in text
    assert "channel=none" not in text  # holds every clip, as "all" does


def test_table_names_the_worst_group_of_ten_clips(capsys: pytest.CaptureFixture[str]) -> None:
    scored = [
        Scored(str(i), (f"noise={i % 2}",), {"noisy": {"stoi": 0.5}, "m": {"stoi": 0.6 - i % 2}})
        for i in range(20)
    ]
    found = summarise([*scored, Scored("x", ("noise=2",), scored[0].scores)])
    show({**found, "costs": {}})
    assert "-0.900 [-0.900, -0.900] noise=1" in capsys.readouterr().out


def test_single_clips_show_no_interval(capsys: pytest.CaptureFixture[str]) -> None:
    show({**summarise(clips()[:1]), "costs": {}})
    rows = capsys.readouterr().out.split("gain: ")[0]
    assert "+0.200" in rows
    assert "±" not in rows
    assert np.isfinite(group(summarise(clips()[:1]), "float")["d_stoi"]["low"])
