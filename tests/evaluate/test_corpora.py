"""Corpora on small trees: the right files, disjoint splits, an order that stays, clear errors."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import corpora_on_disk as disk
from nibblestream.evaluate import corpora
from nibblestream.evaluate.corpora import SPLITS
from nibblestream.evaluate.corpora.named import DEMAND
from nibblestream.evaluate.noise_types import noise_types
from nibblestream.evaluate.pairs import corpus_pairs
from nibblestream.sound import reading

Family = tuple[Callable[[Path], Path], dict[str, str]]


def segments(*locations: int) -> str:
    return " ".join(f"{s}00{i}_{t}.wav" for s in "ab" for i in locations for t in ("0_30", "30_60"))


FAMILIES: dict[str, Family] = {
    "WSJ0": (
        disk.wsj0,
        {
            "train": "01to030v.wav 01to030w.wv1 20la010b.wv1",
            "val": "050A0501.WV1",
            "test": "440c0201.wv1",
        },
    ),
    "LibriSpeech": (
        disk.librispeech,
        {
            "train": "19-198-0000.flac 20-198-0000.flac 21-198-0000.flac",
            "val": "22-198-0000.flac",
            "test": "23-198-0000.flac",
        },
    ),
    "VCTK": (
        disk.vctk,
        {
            "train": "p227_001_mic1.flac p376_001_mic1.flac",
            "val": "p225_001_mic1.flac p226_001_mic1.flac p287_001_mic1.flac s5_001_mic1.flac",
            "test": "p230_001_mic1.flac p232_001_mic1.flac p257_001_mic1.flac",
        },
    ),
    "VoiceBank-DEMAND": (
        disk.voicebank,
        {
            "train": "p227_001.wav p228_001.wav",
            "val": "p226_001.wav",
            "test": "p232_001.wav p232_002.wav",
        },
    ),
    "NOIZEUS": (disk.noizeus, {"test": "sp01.wav sp02.wav"}),
    "TUT Acoustic Scenes 2016": (
        disk.tut,
        {"train": segments(2, 4, 5, 6, 7), "val": segments(3), "test": segments(0, 1)},
    ),
    "DEMAND": (
        disk.demand,
        {split: " ".join(["ch01.wav"] * n) for split, n in zip(SPLITS, (10, 3, 5), strict=True)},
    ),
    "train/val/test": (
        disk.folders,
        {"train": "a.flac b.flac c.flac", "val": "d.flac e.flac", "test": "f.flac g.flac"},
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_files_of_splits(name: str, tmp_path: Path) -> None:
    build, expected = FAMILIES[name]
    root = build(tmp_path / "corpus")
    assert corpora.layout(root) == name
    found = {split: corpora.files(root, split) for split in expected}
    assert {s: " ".join(sorted(p.name for p in paths)) for s, paths in found.items()} == expected
    for paths in found.values():
        assert paths == sorted(paths)
    every = [path for paths in found.values() for path in paths]
    assert len(set(every)) == len(every)
    assert corpora.files(root) == sorted(every)
    for path in every:
        assert reading.seconds(path) > 0.5


@pytest.mark.parametrize("name", FAMILIES)
def test_a_split_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    build, expected = FAMILIES[name]
    root = build(tmp_path)
    if name != "NOIZEUS":
        for path in corpora.files(root, "val"):
            path.unlink()
    if name == "TUT Acoustic Scenes 2016":
        with pytest.raises(FileNotFoundError, match=r"4 of 32 segments .*b003_30|4 of 32.*a003_0"):
            corpora.files(root, "val")
        return
    with pytest.raises(FileNotFoundError) as caught:
        corpora.files(root, "val")
    message = str(caught.value)
    assert f"{name} without val files: holds " in message
    assert f"{len(expected['test'].split())} test" in message
    assert "in the folder: " in message
    assert sorted(path.name for path in root.iterdir())[0] in message


def test_no_speaker_or_place_is_in_two_splits(tmp_path: Path) -> None:
    demand = disk.demand(tmp_path / "demand")
    places = {s: {p.parent.name for p in corpora.files(demand, s)} for s in SPLITS}
    assert places["test"] == {"DLIVING", "OOFFICE", "SCAFE", "SPSQUARE", "TBUS"}
    assert sum(map(len, places.values())) == len(set.union(*places.values())) == len(DEMAND) == 18
    many = tmp_path / "vctk"
    for number in range(225, 300):
        (many / f"wav48/p{number}").mkdir(parents=True)
        for take in (1, 2):
            (many / f"wav48/p{number}/p{number}_00{take}.wav").touch()
    speakers = {s: {p.parent.name for p in corpora.files(many, s)} for s in SPLITS}
    assert sum(map(len, speakers.values())) == len(set.union(*speakers.values())) == 75
    assert {"p232", "p257"} <= speakers["test"]
    assert min(map(len, speakers.values())) >= 9


def test_spheres_of_wsj0_are_read(tmp_path: Path) -> None:
    (path,) = corpora.files(disk.wsj0(tmp_path), "val")
    samples, rate = reading.read(path)
    assert (rate, samples.shape) == (16000, (32000,))
    assert samples.std() == pytest.approx(3000 / 2**15, rel=0.02)
    packed = path.read_bytes().replace(
        b"-s3 pcm\nend_head\n", b"-s26 pcm,embedded-shorten-v2.00\nend"
    )
    path.write_bytes(packed)
    with pytest.raises(ValueError, match=r"050A0501\.WV1: cannot be read .* sph2pipe"):
        reading.read(path)


def test_tut_may_lie_one_folder_deeper_and_knows_its_scenes(tmp_path: Path) -> None:
    disk.tut(tmp_path / "TUT-acoustic-scenes-2016-development")
    files = corpora.files(tmp_path, "test")
    assert len(files) == 8
    kinds = noise_types(tmp_path, files)
    assert {path.name[0]: kind for path, kind in kinds.items()} == {
        "a": "beach",
        "b": "cafe/restaurant",
    }
    base = tmp_path / "TUT-acoustic-scenes-2016-development"
    assert set(noise_types(base, corpora.files(base)).values()) == {"beach", "cafe/restaurant"}
    (base / "evaluation_setup/fold1_evaluate.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"fold1_evaluate\.txt"):
        corpora.files(tmp_path, "train")


def test_a_split_or_a_plain_folder_is_taken_whole(tmp_path: Path) -> None:
    root = disk.folders(tmp_path / "own")
    for split in (None, *SPLITS):
        assert corpora.files(root / "val", split) == [root / "val" / f"{n}.flac" for n in "de"]
    assert corpora.layout(root / "val") is None
    buses = tmp_path / "vehicles"
    for kind in ("bus", "train"):  # one folder called train makes no layout
        disk.sound(buses / kind / "x.wav")
    assert [path.parent.name for path in corpora.files(buses, "test")] == ["bus", "train"]
    libri = disk.librispeech(tmp_path) / "LibriSpeech" / "dev-clean"
    assert len(corpora.files(libri, "test")) == 1


def test_noise_straight_in_a_split_is_a_kind_of_its_own(tmp_path: Path) -> None:
    root = disk.folders(tmp_path)
    assert set(noise_types(root, corpora.files(root, "val")).values()) == {"d", "e"}
    disk.sound(root / "val" / "rain" / "x.wav")
    assert noise_types(root, [root / "val/rain/x.wav"]) == {root / "val/rain/x.wav": "rain"}


def test_what_cannot_be_told_apart_is_refused(tmp_path: Path) -> None:
    disk.librispeech(tmp_path)
    disk.vctk(tmp_path)
    with pytest.raises(ValueError, match=r"holds LibriSpeech and VCTK \(in the folder: LibriSp"):
        corpora.files(tmp_path, "train")
    with pytest.raises(ValueError, match="split is 'dev'; expected train, val, test"):
        corpora.files(tmp_path, "dev")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty: holds no audio"):
        corpora.files(tmp_path / "empty", "train")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        corpora.files(tmp_path / "nowhere", "train")


def test_pairs_of_noizeus(tmp_path: Path) -> None:
    pairs = corpus_pairs(disk.noizeus(tmp_path))
    assert len(pairs) == 6
    groups = {pair.noisy: pair.groups for pair in pairs}
    assert groups["babble_5dB/5dB/sp02_babble_sn5.wav"] == (
        "noise=babble",
        "snr=5 dB",
        "noise=babble, snr=5 dB",
    )
    assert {pair.clean for pair in pairs} == {"clean/sp01.wav", "clean/sp02.wav"}
    for pair in pairs:
        assert Path(pair.clean).stem == Path(pair.noisy).name[:4]
        clean, noisy = pair.realise()
        assert np.array_equal(clean, reading.read_mono(tmp_path / pair.clean))
        assert np.array_equal(noisy, reading.read_mono(tmp_path / pair.noisy))
    assert pairs[0].name == "NOIZEUS row 1 (babble_0dB/0dB/sp01_babble_sn0.wav)"


def test_pairs_of_voicebank(tmp_path: Path) -> None:
    root = disk.voicebank(tmp_path)
    assert [(pair.clean, pair.noisy) for pair in corpus_pairs(root, "val")] == [
        ("clean_trainset_28spk_wav/p226_001.wav", "noisy_trainset_28spk_wav/p226_001.wav")
    ]
    assert len(corpus_pairs(root)) == 2
    (root / "noisy_testset_wav/p232_002.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"noisy_testset_wav/p232_002\.wav: no such file"):
        corpus_pairs(root)


def test_corpora_without_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"laid out as train/val/test \(in the folder: test, tra"):
        corpus_pairs(disk.folders(tmp_path / "own"))
    root = disk.noizeus(tmp_path / "noizeus")
    for noisy in root.glob("*dB"):
        shutil.rmtree(noisy)
    with pytest.raises(FileNotFoundError, match=r"NOIZEUS without noisy files \(in the folder: cl"):
        corpus_pairs(root)


def test_the_shared_recordings(shared_data: Path) -> None:
    for kind in ("speech", "noise"):
        root = shared_data / kind
        assert corpora.layout(root) == "train/val/test"
        for split in SPLITS:
            assert corpora.layout(root / split) is None
            assert corpora.files(root, split) == reading.find(root / split)
    files = corpora.files(shared_data / "noise", "test")
    assert noise_types(shared_data / "noise", files) == noise_types(files[0].parent, files)
