"""`nibblestream reproduce` from end to end on short clips, with the bundled networks."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from networks import network
from nibblestream.cli import main
from nibblestream.evaluate.score import Scorer

RATE = 8000
COUNT = 4
FIGURES = ("fig1", "fig2", "fig3", "fig4")
# The quantized rows of the paper's Table 3, as it prints them.
PRINTED = {
    ("8-U", "8-U"): "0.87/-0.002 (0.2%) 297216/ -",
    ("4-U", "4-U"): "0.63/-0.246 (28.2%) 148608/ -50.0%",
    ("4-RS-VBS", "4-RS-VBS"): "0.85/-0.024 (2.7%) 148608/ -50.0%",
    ("4-RS-VBS", "8-U"): "0.86/-0.016 (0.18%) 165120/ -44.4%",
    ("No quantization", ""): "0.87/ -",
    ("Mix", ""): "0.84/ -",
}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    """A cache of scores that these tests alone use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIBBLESTREAM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Options that name ten short files of speech and two of noise."""
    base, rng = tmp_path_factory.mktemp("recordings"), np.random.default_rng(0)
    for name, count in (("speech", 10), ("noise", 2)):
        (base / name).mkdir()
        for index in range(count):
            envelope = np.abs(np.sin(2 * np.pi * 2 * np.arange(int(1.6 * RATE)) / RATE))
            wave = 0.1 * rng.standard_normal(len(envelope))
            wave *= envelope if name == "speech" else 1
            soundfile.write(base / name / f"{index}.wav", wave, RATE)
    return ["--speech", base / "speech", "--noise", base / "noise", "--jobs", 1]


@pytest.fixture(scope="module")
def made(cache: None, folders: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run."""
    folder = tmp_path_factory.mktemp("out") / "reproduced"
    result = call("reproduce", "all", *folders, "--count", COUNT, "-o", folder)
    assert result.exit_code == 0, result.output
    assert "4-NU/4-NU" in result.output
    return folder


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the clips of each task that is done in this process."""
    counts: list[int] = []
    score = Scorer.__call__

    def counted(self, task):
        counts.append(len(task.rows))
        return score(self, task)

    monkeypatch.setattr(Scorer, "__call__", counted)
    return counts


def test_every_file_is_there_and_named_in_the_index(made: Path) -> None:
    expected = {f"{name}.{kind}" for name in FIGURES for kind in ("png", "pdf")}
    expected |= {f"{name}.csv" for name in ("table3", "fig2", "fig3", "fig4", "mixtures")}
    expected |= {"fig1-intervals.csv", "fig1-distribution.csv", "mixtures.json"}
    expected |= {"results.json", "README.md"}
    assert {file.name for file in made.iterdir()} == expected
    index = (made / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^)]+)\)", index))
    assert linked == expected - {"mixtures.csv", "mixtures.json", "results.json", "README.md"}
    for file in made.iterdir():
        magic = {".png": b"\x89PNG", ".pdf": b"%PDF"}.get(file.suffix, b"")
        assert file.read_bytes().startswith(magic)
        assert 200 < file.stat().st_size < (100_000 if file.suffix == ".png" else 400_000)


def test_a_second_run_scores_nothing_and_gives_the_same_bytes(
    made: Path, folders: list[object], tmp_path: Path, worked: list[int]
) -> None:
    call("reproduce", "all", *folders, "--count", COUNT, "-o", tmp_path / "again")
    assert worked == []
    for file in made.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_list_of_mixtures_gives_them_again(
    made: Path, folders: list[object], tmp_path: Path, worked: list[int]
) -> None:
    assert len(rows(made / "mixtures.csv")) == COUNT
    call(
        *("reproduce", "table3", *folders, "--mixtures", made / "mixtures.csv"),
        *("-o", tmp_path / "again"),
    )
    assert worked == []
    for name in ("table3.csv", "mixtures.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (made / name).read_bytes()


def test_each_system_is_scored_once(
    folders: list[object], tmp_path: Path, worked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "cache"))
    model = tmp_path / "small.npz"
    network(hidden=(4,)).save(model)
    options = ["--model", model, "--count", 2, "-o", tmp_path / "out"]
    assert call("reproduce", "table3", *folders, *options).exit_code == 0
    assert sum(worked) == 2 * 6
    worked.clear()
    assert call("reproduce", "all", *folders, *options).exit_code == 0
    assert sum(worked) == 2 * 9
    assert {row["network"] for row in rows(tmp_path / "out" / "table3.csv")} == {"small"}


def test_table3_has_the_papers_rows_and_bytes(made: Path) -> None:
    table = rows(made / "table3.csv")
    assert [row["network"] for row in table] == ["paper"] * 6 + ["mlp"] * 6
    for row in table:
        printed = PRINTED[row["first"], row["second"]]
        numbers = re.fullmatch(
            r"([\d.]+)/(?: -|-([\d.]+) \(([\d.]+)%\) (\d+)/ (?:-|-([\d.]+)%))", printed
        )
        found = [
            row[f"paper_{key}"]
            for key in ("stoi", "loss", "loss_percent", "bytes", "reduction_percent")
        ]
        assert [float(cell) if cell else None for cell in found] == [
            float(number) if number else None for number in numbers.groups()
        ]
        assert row["bytes"] == row["paper_bytes"]
        if row["paper_reduction_percent"]:
            ours = float(row["reduction_percent"])
            assert ours == pytest.approx(float(row["paper_reduction_percent"]), abs=0.05)


def test_table3_counts_from_the_float_model_and_the_mixture(made: Path) -> None:
    for name in ("paper", "mlp"):
        table = [row for row in rows(made / "table3.csv") if row["network"] == name]
        stoi = {row["first"] + row["second"]: float(row["stoi"]) for row in table}
        for row in table[:4]:
            whole = stoi["No quantization"]
            assert float(row["loss"]) == pytest.approx(whole - float(row["stoi"]), abs=2e-6)
            percent = 100 * float(row["loss"]) / whole
            assert float(row["loss_percent"]) == pytest.approx(percent, abs=1e-3)
            assert float(row["gain"]) == pytest.approx(float(row["stoi"]) - stoi["Mix"], abs=2e-6)
            for figure in ("stoi", "loss", "gain", "loss_percent"):
                low, mean, high = (float(row[figure + end]) for end in ("_low", "", "_high"))
                assert low <= mean <= high
                assert low < high


def test_tables_show_what_csv_holds(made: Path) -> None:
    index = (made / "README.md").read_text()
    assert "0.18% is as the paper prints it; 0.016 of 0.87 is 1.8%" in index
    for row in rows(made / "table3.csv"):
        if row["first"] == "4-RS-VBS" and row["second"] == "8-U":
            loss = f"{-float(row['loss']):+.3f}"
            assert re.search(
                rf"\| {row['network']} \| 4-NU/8-U \| {float(row['stoi']):.3f} ±\.\d+ "
                rf"\| {re.escape(loss)} .* \| 165,120 \| 44\.4% "
                r"\| 0\.86 \| -0\.016 \(0\.18%\) \| 165,120 \| 44\.4% \|",
                index,
            )


def test_figures_3_and_4_sweep_the_schemes(made: Path) -> None:
    schemes = ["U", "U-VBS", "RS", "RS-VBS"]
    four = [f"4-{scheme}" for scheme in schemes]
    expected = {
        "fig3": [(first, "8-U") for first in four] + [("8-U", second) for second in four],
        "fig4": [(both, both) for both in four] + [(first, "8-U") for first in four],
    }
    for name, settings in expected.items():
        table = rows(made / f"{name}.csv")
        assert len(table) == 2 * (8 + 2)
        for start in (0, 10):
            bars = table[start : start + 8]
            assert [(row["first"], row["second"]) for row in bars] == settings
            assert [row["scheme"] for row in bars] == schemes * 2
            lines = table[start + 8 : start + 10]
            assert [row["first"] for row in lines] == ["No quantization", "Mix"]


def test_figures_name_the_papers_value_where_it_prints_one(made: Path) -> None:
    for name in ("table3", "fig3", "fig4"):
        for row in rows(made / f"{name}.csv"):
            printed = PRINTED.get((row["first"], row["second"]), "")
            assert row["paper_stoi"] == printed[:4]
            if printed:
                gain = float(printed[:4]) - 0.84
                assert float(row["paper_gain"]) == pytest.approx(gain)
    known = [row["paper_stoi"] for row in rows(made / "fig4.csv")[:8]]
    assert known == ["0.63", "", "", "0.85", "", "", "", "0.86"]


def test_json_holds_the_same_and_what_it_was_made_of(made: Path) -> None:
    results = json.loads((made / "results.json").read_text())
    assert set(results["networks"]) == {"paper", "mlp"}
    assert set(results["products"]) == {"table3", *FIGURES}
    assert results["refused"]["count"] == 0
    table = results["products"]["fig3"]["tables"]["fig3"]
    for row, written in zip(table, rows(made / "fig3.csv"), strict=True):
        assert {key: "" if cell is None else str(cell) for key, cell in row.items()} == written


def test_figures_of_weights_need_no_recordings(tmp_path: Path) -> None:
    result = call("reproduce", "fig1", "fig2", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "out" / "mixtures.csv").exists()
    assert call("reproduce", "fig3", "fig1", "-o", tmp_path / "out").exit_code == 2


def test_wrong_input_is_told_and_leaves_no_folder(folders: list[object], tmp_path: Path) -> None:
    network(hidden=(4, 4)).save(tmp_path / "deep.npz")
    (tmp_path / "file").write_text("")
    for model, message in (
        ("paper", "paper: is already quantized; expected a float model"),
        (tmp_path / "deep.npz", "has 3 layers; expected 2"),
        (tmp_path / "none.npz", "none.npz"),
    ):
        result = call("reproduce", "fig1", "--model", model, "-o", tmp_path / "out")
        assert result.exit_code == 1
        assert message in result.output
    for place, message in (("file", "is a file"), ("none/out", "there is no folder")):
        result = call("reproduce", "fig1", "-o", tmp_path / place)
        assert result.exit_code == 1
        assert message in result.output
    given = ["--mixtures", tmp_path / "file", "--count", 3, "-o", tmp_path / "out"]
    assert call("reproduce", "table3", *folders, *given).exit_code == 2
    same = ["--model", "paper-float", "--model", tmp_path / "paper.npz", "-o", tmp_path / "out"]
    network(hidden=(4,)).save(tmp_path / "paper.npz")
    assert "networks are called paper, paper" in call("reproduce", "fig1", *same).output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep.npz", "file", "paper.npz"]


def test_nothing_is_replaced_by_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    assert call("reproduce", "fig1", "fig2", "-o", out).exit_code == 0
    before = {file.name: file.stat().st_mtime_ns for file in out.iterdir()}
    drawn = iter([b"fig1.pdf", b"fig1.png"])  # fig2 cannot be drawn

    def encoded(*_: object) -> bytes:
        for content in drawn:
            return content
        raise OSError("no space left")

    monkeypatch.setattr("nibblestream.studies.reproduce.product.encoded", encoded)
    result = call("reproduce", "fig1", "fig2", "-o", out)
    assert (result.exit_code, list(drawn)) == (1, [])
    assert {file.name: file.stat().st_mtime_ns for file in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
