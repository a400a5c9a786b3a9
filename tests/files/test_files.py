"""Files appear whole or not at all."""

import os

import numpy as np
import pytest
import soundfile

from nibblestream.files.atomic import replacing, target
from nibblestream.sound import reading, writing


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half of the new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_success_replaces_it(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("old")
    (tmp_path / "other").touch()
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_links_are_followed_and_permissions_kept(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "real.txt").chmod(0o600)
    (tmp_path / "link.txt").symlink_to("real.txt")
    with replacing(tmp_path / "link.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"
    assert (tmp_path / "real.txt").stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_is_not_replaced(tmp_path):
    for path in (tmp_path, "/dev/null"):
        with pytest.raises(ValueError, match="expected the name of a file"):
            target(path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        target(tmp_path / "nowhere" / "file")


def test_audio_comes_back(tmp_path, rng):
    samples = np.round(rng.uniform(-1, 1, (100, 2)) * 2**15) / 2**15
    for name in ("a.wav", "a.flac", "a.aiff"):
        writing.write(tmp_path / name, np.clip(samples, -1, 1 - 2.0**-15), 44100)
        found, rate = reading.read(tmp_path / name)
        assert rate == 44100
        assert np.abs(found - samples).max() <= 2.0**-15


def test_other_sample_formats_are_kept_where_the_file_can(tmp_path):
    writing.write(tmp_path / "a.wav", np.zeros(10), 8000, "FLOAT")
    writing.write(tmp_path / "a.flac", np.zeros(10), 8000, "FLOAT")  # flac has no floats
    assert soundfile.info(tmp_path / "a.wav").subtype == "FLOAT"
    assert soundfile.info(tmp_path / "a.flac").subtype == "PCM_16"


def test_files_without_sound_or_sense_are_refused(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 8000)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"empty\.wav: holds no samples"):
        reading.read(tmp_path / "empty.wav")
    with pytest.raises(ValueError, match=r"nan\.wav: holds NaN"):
        reading.read(tmp_path / "nan.wav")
    with pytest.raises(FileNotFoundError, match="no such file"):
        reading.read(tmp_path / "none.wav")


def test_mono_is_the_mean_and_resampled(tmp_path):
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "a.wav", np.stack([tone * 0.8, tone * 0.2], 1), 44100, "FLOAT")
    mono = reading.read_mono(tmp_path / "a.wav")
    assert len(mono) == 8000
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    assert np.abs(mono - expected)[100:-100].max() < 1e-3


def test_folders_are_searched(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.WAV", "sub/a.flac", "notes.txt", "c.wv1"):
        (tmp_path / name).touch()
    assert [p.name for p in reading.find(tmp_path)] == ["b.WAV", "c.wv1", "a.flac"]
    with pytest.raises(FileNotFoundError, match="no such folder"):
        reading.find(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no audio"):
        reading.find(tmp_path / "empty")


def test_formats_that_cannot_hold_the_sound_say_so(tmp_path):
    with pytest.raises(ValueError, match=r"cannot write '\.xyz'"):
        writing.write(tmp_path / "a.xyz", np.zeros(10), 8000)
    with pytest.raises(ValueError, match=r"a\.flac: 9 channels at 8000 Hz cannot be written"):
        writing.write(tmp_path / "a.flac", np.zeros((10, 9)), 8000)
    assert not list(tmp_path.iterdir())


def test_minutes_of_ogg(tmp_path):
    """Given whole, they overflow the encoder's stack."""
    writing.write(tmp_path / "long.ogg", np.zeros(8000 * 600), 8000)
    assert reading.seconds(tmp_path / "long.ogg") == 600


def test_lossy_sample_formats_become_the_usual_one(tmp_path, rng):
    writing.write(tmp_path / "a.mp3", rng.normal(0, 0.1, 16000), 16000)
    lossy = soundfile.info(tmp_path / "a.mp3").subtype
    writing.write(tmp_path / "b.wav", np.zeros(10), 8000, lossy)
    assert soundfile.info(tmp_path / "b.wav").subtype == "PCM_16"


def test_names_need_not_be_utf8(tmp_path, rng):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    writing.write(path, rng.normal(0, 0.1, 100), 8000)
    assert len(reading.read_mono(path)) == 100
