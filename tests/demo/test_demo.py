"""The demo, as `make demo` runs it."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from nibblestream import QuantizedModel
from nibblestream.demo.recording import CLEAN, NOISY
from nibblestream.evaluate.metrics import stoi
from nibblestream.sound import reading

pytestmark = pytest.mark.numeric


def demo(*arguments):
    command = [sys.executable, "-m", "nibblestream.demo", *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_bundled_recording_gets_clearer(tmp_path):
    done = demo("--out", tmp_path)
    assert done.returncode == 0, done.stderr
    clean = reading.read_mono(CLEAN)
    before, after = (
        stoi(clean, reading.read_mono(path)) for path in (NOISY, tmp_path / "enhanced.wav")
    )
    assert after > before + 0.03
    assert f"Noisy, STOI {before:.3f}" in done.stdout
    assert f"Enhanced, STOI {after:.3f}" in done.stdout
    assert f"{QuantizedModel.load('default').stream_bytes:,}" in done.stdout
    assert "real-time factor" in done.stdout
    assert (tmp_path / "noisy.wav").exists()
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")


def test_the_bundled_recording_is_what_it_says():
    for path in (CLEAN, NOISY):
        found = soundfile.info(path)
        assert (found.samplerate, found.channels, found.subtype) == (8000, 1, "PCM_16")
    noisy, clean = reading.read_mono(NOISY), reading.read_mono(CLEAN)
    snr = 10 * np.log10(np.mean(clean**2) / np.mean((noisy - clean) ** 2))
    assert snr == pytest.approx(4.0, abs=0.1)
    assert np.abs(noisy).max() < 0.9


def test_a_recording_of_ones_own(tmp_path, rng):
    wav = tmp_path / "stereo.wav"
    soundfile.write(wav, rng.normal(0, 0.1, (44100, 2)), 44100)
    done = demo("--wav", wav, "--out", tmp_path / "new" / "folder")
    assert done.returncode == 0, done.stderr
    assert "STOI" not in done.stdout  # there is no clean reference
    enhanced, rate = reading.read(tmp_path / "new" / "folder" / "enhanced.wav")
    assert (enhanced.shape, rate) == ((44100, 2), 44100)


@pytest.mark.parametrize("content", [b"", b"RIFF but no more", None])
def test_a_broken_recording_is_one_line(tmp_path, content):
    wav = tmp_path / "broken.wav"
    if content is not None:
        wav.write_bytes(content)
    done = demo("--wav", wav, "--out", tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "broken.wav" in done.stderr
    assert not (tmp_path / "demo.png").exists()
