"""The paper's protocol and its manifests: drawn, written, read back, refused when files changed."""

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import corpora_on_disk as disk
from nibblestream.cli import main
from nibblestream.evaluate import manifest, protocol
from nibblestream.evaluate.collect import collect
from nibblestream.evaluate.mixtures import Mixture, mixtures
from nibblestream.evaluate.pairs import read_pairs
from nibblestream.evaluate.stems import write_stems
from nibblestream.sound import reading

Drawn = tuple[Path, Path, list[Mixture]]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The paper's corpora, small."""
    root = tmp_path_factory.mktemp("trees")
    disk.wsj0(root / "wsj0")
    disk.tut(root / "tut")
    return root


@pytest.fixture
def drawn(trees: Path, tmp_path: Path) -> Drawn:
    """Mixtures of a copy of the trees that a test may spoil."""
    shutil.copytree(trees, tmp_path / "data")
    speech, noise = tmp_path / "data/wsj0", tmp_path / "data/tut"
    return speech, noise, protocol.draw(speech, noise, "train", count=12, seed=5)


def test_the_papers_numbers_and_files(trees: Path) -> None:
    speech, noise = trees / "wsj0", trees / "tut"
    found = protocol.draw(speech, noise, "val")
    assert len(found) == 5000
    assert protocol.COUNTS == {"train": 12000, "val": 5000, "test": 2800}
    assert {m.speech.name for m in found} == {"050A0501.WV1"}
    assert {m.noise.name[:4] for m in found} == {"a003", "b003"}
    assert {m.noise_type for m in found} == {"beach", "cafe/restaurant"}
    assert {m.longest for m in found} == {inf}
    counts = Counter(m.snr for m in found)
    assert set(counts) == {0.0, 5.0}
    assert abs(counts[0.0] - 2500) < 4 * np.sqrt(5000 / 4)  # drawn: close to, but hardly ever, even
    assert counts[0.0] != 2500
    assert found == protocol.draw(speech, noise, "val")
    assert found != protocol.draw(speech, noise, "val", seed=1)


def test_speech_is_not_cut_and_noise_is_as_long(tmp_path: Path) -> None:
    disk.sound(tmp_path / "speech" / "long.wav", seconds=12.0)
    disk.sound(tmp_path / "noise" / "n.wav", seconds=13.0)
    folders = tmp_path / "speech", tmp_path / "noise"
    (whole,) = protocol.draw(*folders, "test", count=1, snrs=(5,))
    clean, noisy = whole.realise()
    assert clean.shape == noisy.shape == (96000,)
    ratio = (clean @ clean) / ((noisy - clean) @ (noisy - clean))
    assert 10 * np.log10(ratio) == pytest.approx(5, abs=1e-9)
    cut = replace(whole, longest=10.0)
    assert cut.realise().clean.shape == (80000,)
    assert cut.digest != whole.digest
    with pytest.raises(ValueError, match=r"longest is 1 s; expected 1\.5 s or more"):
        mixtures(*folders, longest=1.0)
    with pytest.raises(ValueError, match="longest is nan s"):
        mixtures(*folders, longest=nan)


def test_a_manifest_gives_the_same_mixtures_back(drawn: Drawn, tmp_path: Path) -> None:
    speech, noise, found = drawn
    extreme = replace(found[0], start=0.1 + 0.2, snr=inf, channel="telephone", longest=10.0)
    path = tmp_path / "MIXTURES.csv"
    manifest.write(path, [*found, extreme], speech, noise, {"seed": 5})
    assert manifest.read(path, speech, noise) == [*found, extreme]
    assert json.loads((tmp_path / "MIXTURES.json").read_text()) == {"seed": 5}
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == manifest.COLUMNS
    assert rows[-1]["start"] == "0.30000000000000004"
    assert not any(row[column].startswith("/") for row in rows for column in ("speech", "noise"))


def test_moved_folders_give_equal_bits(drawn: Drawn, tmp_path: Path) -> None:
    speech, noise, found = drawn
    path = tmp_path / "m.csv"
    manifest.write(path, found, speech, noise, {})
    before = [mixture.realise() for mixture in found]
    moved = [shutil.move(folder, tmp_path / f"moved-{folder.name}") for folder in (speech, noise)]
    again = manifest.read(path, *moved)
    assert [m.name for m in again] == [m.name for m in found]
    for clip, mixture in zip(before, again, strict=True):
        assert np.array_equal(clip, mixture.realise())


def test_files_with_other_content_are_refused(drawn: Drawn, tmp_path: Path) -> None:
    speech, noise, found = drawn
    path = tmp_path / "m.csv"
    manifest.write(path, found, speech, noise, {})
    changed = found[3].noise
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    with pytest.raises(ValueError, match=rf"1 of \d+ files \({changed}\) have changed since"):
        manifest.read(path, speech, noise)
    gone = {mixture.speech for mixture in found}
    for file in gone:
        file.unlink()
    with pytest.raises(FileNotFoundError, match=rf"{len(gone)} of \d+ files \(.*are missing"):
        manifest.read(path, speech, noise)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clean,noisy\na,b\n", r"has the columns \['clean', 'noisy'\]; expected speech, noise"),
        (",".join(manifest.COLUMNS) + "\n", "has no rows"),
        (",".join(manifest.COLUMNS) + "\na.wav,b.wav,rain,zero,0.0,none,0,0,10.0,x,y\n", "row 2"),
        (",".join(manifest.COLUMNS) + "\na.wav,b.wav,rain,0.5\n", "row 2"),
        (",".join(manifest.COLUMNS) + "\na.wav,b.wav,rain,0.5,0.0,radio,0,0,10.0,x,y\n", "row 2"),
        (",".join(manifest.COLUMNS) + "\n../a.wav,b.wav,rain,0.5,0,none,0,0,10.0,x,y\n", "row 2"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        manifest.read(tmp_path / "m.csv", tmp_path, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv: no such file"):
        manifest.read(tmp_path / "nothing.csv", tmp_path, tmp_path)


def test_manifests_are_not_written_over_other_things(drawn: Drawn, tmp_path: Path) -> None:
    speech, noise, found = drawn
    with pytest.raises(ValueError, match=r"ends in \.csv"):
        manifest.write(tmp_path / "m.json", found, speech, noise, {})
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        manifest.write(tmp_path / "nowhere" / "m.csv", found, speech, noise, {})


@pytest.mark.filterwarnings("ignore:left out")
def test_stems_are_the_mixtures(drawn: Drawn, tmp_path: Path) -> None:
    _, _, found = drawn
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(16000), 8000)
    table = write_stems(tmp_path / "stems", [replace(found[0], noise=silent), *found])
    pairs = read_pairs(table)
    assert len(pairs) == len(found)
    for pair, mixture in zip(pairs, found, strict=True):
        assert pair.groups == mixture.groups
        np.testing.assert_allclose(pair.realise(), mixture.realise(), rtol=1e-7, atol=1e-9)
    with pytest.raises(ValueError, match="none of 1 mixtures can be made"):
        write_stems(tmp_path / "none", [replace(found[0], noise=silent)])


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_mix_then_evaluate(trees: Path, tmp_path: Path) -> None:
    folders = ("--speech", trees / "wsj0", "--noise", trees / "tut")
    written, stems = tmp_path / "test.csv", tmp_path / "stems"
    options = ("--split", "test", "--count", 4, "--seed", 2, "-o", written, "--wav", stems)
    status, output = call("mix", *folders, *options)
    assert status == 0, output
    assert f"{written}: 4 mixtures" in output
    how = json.loads(written.with_suffix(".json").read_text())
    assert how.pop("command").startswith("nibblestream")
    assert how == {
        "split": "test",
        "count": 4,
        "snrs": [0.0, 5.0],
        "seed": 2,
        "speech layout": "WSJ0",
        "noise layout": "TUT Acoustic Scenes 2016",
    }
    scores = [tmp_path / "mixtures.json", tmp_path / "pairs.json"]
    common = ("--metric", "stoi", "--jobs", 1, "--json")
    status, output = call("evaluate", *folders, "--mixtures", written, *common, scores[0])
    assert status == 0, output
    status, output = call("evaluate", "--pairs", stems / "PAIRS.csv", *common, scores[1])
    assert status == 0, output
    noisy = [json.loads(path.read_text())["models"]["noisy"]["groups"] for path in scores]
    assert noisy[0]["all"]["n"] == 4
    assert set(noisy[0]) == set(noisy[1])
    for group, figures in noisy[0].items():
        assert noisy[1][group]["stoi"]["mean"] == pytest.approx(figures["stoi"]["mean"], abs=1e-6)
    status, output = call("evaluate", *folders, "--mixtures", written, "--count", 9)
    assert (status, "--count draws mixtures" in output) == (2, True)
    status, output = call("evaluate", *folders, "--pairs", stems, "--mixtures", written)
    assert status == 2


def test_evaluate_takes_a_split_and_pairs_of_a_corpus(trees: Path, tmp_path: Path) -> None:
    speech, noise = trees / "wsj0", trees / "tut"
    clips = collect(speech, noise, split="val", count=6)
    assert {clip.name.split(" + ")[0] for clip in clips} == {
        "11-6.1/WSJ0/SI_DT_05/050/050A0501.WV1"
    }
    out = tmp_path / "scores.json"
    root = disk.noizeus(tmp_path / "noizeus")
    status, output = call("evaluate", "--pairs", root, "--metric", "stoi", "--json", out)
    assert status == 0, output
    groups = json.loads(out.read_text())["models"]["noisy"]["groups"]
    assert groups["all"]["n"] == 6
    assert groups["noise=train"]["n"] == groups["noise=babble, snr=0 dB"]["n"] == 2
    with pytest.raises(FileNotFoundError, match="NOIZEUS without train files"):
        collect(None, None, pairs=root, split="train")


def test_mix_refuses(trees: Path, tmp_path: Path) -> None:
    folders = ("--speech", trees / "wsj0", "--noise", trees / "tut")
    out = tmp_path / "m.csv"
    mistakes = [
        (2, "Missing option '--noise'", (*folders[:2], "--split", "test", "-o", out)),
        (1, "SNRs are [500.0]", (*folders, "--split", "test", "--snr", 500, "-o", out)),
        (1, "ends in .csv", (*folders, "--split", "test", "-o", tmp_path / "m")),
        (1, "there is no folder", (*folders, "--split", "test", "-o", tmp_path / "no/m.csv")),
        (1, "no such folder", ("--speech", "no", "--noise", "no", "--split", "test", "-o", out)),
    ]
    for status, message, arguments in mistakes:
        found, output = call("mix", *arguments)
        assert (found, message in output) == (status, True), output
        assert len(output.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_audio_of_the_trees_is_what_it_claims(trees: Path) -> None:
    """The trees' rates are the corpora's: what is drawn was resampled."""
    found = protocol.draw(trees / "wsj0", trees / "tut", "test", count=1)[0]
    assert reading.read(found.speech)[1] == 16000
    assert reading.read(found.noise)[1] == 44100
    assert found.realise().clean.shape == (16000,)
