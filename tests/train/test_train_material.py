"""What is trained and validated on: splits of corpora, held-out files, mixtures of manifests."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import corpora_on_disk as disk
from nibblestream.evaluate import manifest, protocol
from nibblestream.evaluate.clip import Clip
from nibblestream.evaluate.mixtures import Mixture
from nibblestream.train.material import Material
from nibblestream.train.mixing import Batches
from nibblestream.train.recipe import MemoryRecipe

pytestmark = pytest.mark.numeric

Written = tuple[Path, list[Mixture]]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return disk.wsj0(tmp_path / "wsj0"), disk.tut(tmp_path / "tut")


@pytest.fixture
def written(folders: tuple[Path, Path], tmp_path: Path) -> Written:
    """Six mixtures in a manifest."""
    drawn = protocol.draw(*folders, "train", count=6)
    manifest.write(tmp_path / "m.csv", drawn, *folders, {})
    return tmp_path / "m.csv", drawn


def holds(clip: Clip, noisy: np.ndarray, clean: np.ndarray) -> bool:
    """Whether a piece was cut out of a clip and rounded to 16 bits."""
    windows = np.lib.stride_tricks.sliding_window_view(clip.noisy, len(noisy))
    at = np.abs(windows[:, :40] - noisy[:40]).max(axis=1).argmin()
    pieces = zip(clip, (clean, noisy), strict=True)
    errors = [np.abs(whole[at : at + len(piece)] - piece).max() for whole, piece in pieces]
    return max(errors) <= 1.51 / 2**15  # full scale is a step less in 16 bits


def test_written_mixtures_are_trained_on_as_they_are(
    folders: tuple[Path, Path], written: Written, rng: np.random.Generator
) -> None:
    path, drawn = written
    supply = Material(*folders, mixtures=path).supply()
    clips = [mixture.realise() for mixture in drawn]
    taken = set()
    for _ in range(40):
        noisy, clean = supply.draw(rng, 8000)
        found = [i for i, clip in enumerate(clips) if holds(clip, noisy, clean)]
        assert len(found) == 1
        taken |= set(found)
    assert taken == set(range(6))
    noisy, clean = supply.draw(rng, 100_000)
    assert noisy.shape == clean.shape == (100_000,)
    assert supply.recordings == [repr(mixture) for mixture in drawn]
    first, again = (Batches(supply, "log2", 3, clips=2, seconds=1.0)[4] for _ in range(2))
    assert torch.equal(first.noisy, again.noisy)
    assert first.clean.shape == (2, 126, 129)


def test_written_mixtures_are_validated_on(
    folders: tuple[Path, Path], written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, drawn = written
    clips = Material(*folders, val_mixtures=path).validation()
    assert len(clips) == 6
    for (clip, _), mixture in zip(clips, drawn, strict=True):
        assert np.array_equal(clip, mixture.realise())
    monkeypatch.setattr("nibblestream.train.material.WRITTEN", 2)
    assert len(Material(*folders, val_mixtures=path).validation()) == 2


def test_splits_of_corpora_are_kept_apart(folders: tuple[Path, Path], tmp_path: Path) -> None:
    speech, noise = folders
    material = Material(speech, noise)
    names = [Path(name).name for name in material.supply().recordings]
    assert names[:3] == ["01to030w.wv1", "20la010b.wv1", "01to030v.wav"]
    assert {name[1:4] for name in names[3:]} == {"002", "004", "005", "006", "007"}
    validated = material.validation_mixtures()
    assert {mixture.speech.name for mixture in validated} == {"050A0501.WV1"}
    assert {mixture.noise.name[1:4] for mixture in validated} == {"003"}
    named = Material(speech, noise, val_speech=speech, val_noise=noise)
    assert named.validation_mixtures() == validated
    (speech / "11-6.1/WSJ0/SI_DT_05/050/050A0501.WV1").unlink()
    with pytest.raises(FileNotFoundError, match="WSJ0 without val files"):
        material.validation()


def test_of_plain_folders_every_tenth_file_is_held_out(tmp_path: Path) -> None:
    files = [disk.sound(tmp_path / "speech" / f"{i:02}.wav") for i in range(20)]
    noise, val_noise = (disk.sound(tmp_path / n / f"{n}.wav").parent for n in ("noise", "other"))
    material = Material(tmp_path / "speech", noise, val_noise=val_noise)
    held_out = {files[0], files[10]}
    validated = material.validation_mixtures()
    assert {mixture.speech for mixture in validated} == held_out
    assert {mixture.noise.name for mixture in validated} == {"other.wav"}
    trained = set(map(Path, material.supply().recordings))
    assert trained == {*files, noise / "noise.wav"} - held_out


def test_a_folder_of_one_file_is_not_trained_and_validated_on(tmp_path: Path) -> None:
    one = disk.sound(tmp_path / "one" / "a.wav").parent
    two = disk.sound(tmp_path / "two" / "a.wav").parent
    disk.sound(two / "b.wav")
    with pytest.raises(ValueError, match=r"one holds one file, a\.wav; expected two or more"):
        Material(one, two).supply()
    with pytest.raises(ValueError, match="one holds one file"):
        Material(two, one).pool(MemoryRecipe())
    assert len(Material(one, two, val_speech=two).supply().recordings) == 2


@pytest.mark.parametrize(("seconds", "times"), [(1, 1), (29, 2), (61, 4)])
def test_noises_are_drawn_by_their_duration(tmp_path: Path, seconds: int, times: int) -> None:
    voices = disk.sound(tmp_path / "speech" / "a.wav").parent
    (tmp_path / "noise").mkdir()
    noise = tmp_path / "noise" / "n.wav"
    soundfile.write(noise, np.ones(seconds * 8000) / 2, 8000)
    pool = Material(voices, noise.parent, val_speech=voices, val_noise=voices).pool(MemoryRecipe())
    assert pool.recordings.count(str(noise)) == times


@pytest.mark.slow
def test_training_on_manifests(
    folders: tuple[Path, Path], written: Written, tmp_path: Path
) -> None:
    from nibblestream.train.run import train

    path, _ = written
    options = dict(zip(("speech", "noise"), folders, strict=True))
    options |= {"mixtures": path, "val_mixtures": path}
    model = train(tmp_path / "m.npz", "paper", steps=2, hidden=4, **options)
    assert model.training["step"] == 2
    (tmp_path / "gone.csv").write_text(path.read_text().replace("01to030w", "nobody01"))
    with pytest.raises(FileNotFoundError, match=r"nobody01\.wv1\) are missing"):
        train(tmp_path / "n.npz", "mlp", **{**options, "mixtures": tmp_path / "gone.csv"})
