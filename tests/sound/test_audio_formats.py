"""Audio files: each format of libsndfile in both directions, and what can be wrong with one."""

import os
import resource
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from nibblestream import Enhancer
from nibblestream.cli import main
from nibblestream.sound import reading, writing

SAMPLES = 16000
KEPT = 2.0**-15  # the error of formats that keep 16 bits
LOSSY = 0.05  # of the RMS of a tone through a lossy codec

# suffix, format and sample format by default, the largest number of channels tried, largest error
WRITTEN = [
    (".wav", "WAV", "PCM_16", 2, KEPT),
    (".flac", "FLAC", "PCM_16", 2, KEPT),
    (".ogg", "OGG", "VORBIS", 2, LOSSY),
    (".opus", "OGG", "OPUS", 2, LOSSY),
    (".mp3", "MP3", "MPEG_LAYER_III", 2, LOSSY),
    (".aiff", "AIFF", "PCM_16", 2, KEPT),
    (".aif", "AIFF", "PCM_16", 2, KEPT),
    (".aifc", "AIFF", "PCM_16", 2, KEPT),
    (".w64", "W64", "PCM_16", 2, KEPT),
    (".rf64", "RF64", "PCM_16", 2, KEPT),
    (".au", "AU", "PCM_16", 2, KEPT),
    (".snd", "AU", "PCM_16", 2, KEPT),
    (".caf", "CAF", "PCM_16", 2, KEPT),
    (".voc", "VOC", "PCM_16", 2, KEPT),
    (".sph", "NIST", "PCM_16", 2, KEPT),
    (".nist", "NIST", "PCM_16", 2, KEPT),
    (".sf", "IRCAM", "PCM_16", 2, KEPT),
    (".avr", "AVR", "PCM_16", 2, KEPT),
    (".htk", "HTK", "PCM_16", 1, KEPT),
    (".iff", "SVX", "PCM_16", 1, KEPT),
    (".svx", "SVX", "PCM_16", 1, KEPT),
    (".paf", "PAF", "PCM_16", 2, KEPT),
    (".pvf", "PVF", "PCM_16", 2, KEPT),
    (".sds", "SDS", "PCM_16", 1, KEPT),
    (".mat", "MAT5", "PCM_16", 2, KEPT),
]
# What libsndfile knows besides: not written, with why, and whether it is read as it was written.
OTHERS = {
    "RAW": "has no header",
    "SD2": "needs a resource fork",
    "XI": "has no sample rate",
    "WVE": "is A-law at 8 kHz",
    "MPC2K": "is a sampler's",
    "MAT4": "is MATLAB's older format, .mat is written as MAT5",
    "WAVEX": "is WAV with another header, .wav",
}
READ_ONLY = ["MAT4", "MPC2K", "WVE", "WAVEX"]


@pytest.fixture
def tone(rng):
    """Two seconds at 8 kHz, mono and in 16 bits.

    With noise, for libsndfile does not read back the MP3 of a tone alone, which is so small.
    """
    clean = 0.5 * np.sin(2 * np.pi * 440 * np.arange(SAMPLES) / 8000)
    return np.round((clean + rng.normal(0, 0.05, SAMPLES)) * 2**15) / 2**15


def enhance(*arguments):
    return CliRunner().invoke(main, ["enhance", *map(str, arguments)])


def test_the_tables_name_every_format_of_libsndfile():
    assert {kind for _, kind, *_ in WRITTEN} | set(OTHERS) == set(soundfile.available_formats())
    assert {suffix: kind for suffix, kind, *_ in WRITTEN} == writing.FORMATS


@pytest.mark.parametrize(("suffix", "kind", "subtype", "most", "error"), WRITTEN)
@pytest.mark.parametrize("channels", [1, 2])
def test_formats_there_and_back(tmp_path, tone, suffix, kind, subtype, most, error, channels):
    path = tmp_path / f"a{suffix}"
    samples = np.stack([tone, -tone], axis=1)[:, :channels]
    if channels > most:
        with pytest.raises(ValueError, match="2 channels at 8000 Hz cannot be written"):
            writing.write(path, samples, 8000)
        return
    writing.write(path, samples, 8000)
    info = soundfile.info(str(path))
    assert (info.format, info.subtype) == (kind, subtype)
    found, rate = reading.read(path)
    found = found.reshape(len(found), -1)
    assert (rate, found.shape[1]) == (8000, channels)
    if error == KEPT:
        assert np.abs(found - samples).max() <= KEPT
    else:  # codecs may pad; MP3 delays
        spectra = [np.abs(np.fft.rfft(x[:SAMPLES, 0])) for x in (found, samples)]
        assert len(found) >= SAMPLES
        assert np.argmax(spectra[0]) == pytest.approx(np.argmax(spectra[1]), abs=1)


@pytest.mark.parametrize("kind", READ_ONLY)
def test_formats_that_are_only_read(tmp_path, tone, kind):
    path = tmp_path / "a.bin"
    with path.open("wb") as file:
        subtype = "ALAW" if kind == "WVE" else "PCM_16"
        soundfile.write(file, tone, 8000, format=kind, subtype=subtype)
    found, rate = reading.read(path)
    assert rate == 8000
    assert np.abs(found - tone).max() <= (0.02 if kind == "WVE" else KEPT)


@pytest.mark.parametrize("suffix", [".w64", ".au", ".caf", ".opus", ".flac", ".aiff"])
def test_enhance_keeps_formats(tmp_path, tone, suffix):
    noisy = tmp_path / f"noisy{suffix}"
    writing.write(noisy, tone, 8000)
    result = enhance(noisy, "-o", tmp_path / f"out{suffix}")
    assert result.exit_code == 0, result.output
    samples, rate = reading.read(noisy)
    with Enhancer() as enhancer:
        expected = enhancer.enhance(samples, rate)
    if suffix != ".opus":
        found, _ = reading.read(tmp_path / f"out{suffix}")
        assert np.abs(found - expected).max() <= KEPT


# --- what can be wrong with an input ---------------------------------------------------------
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "W64", "RF64"])
def test_a_file_cut_short_says_how_much_is_there(tmp_path, tone, kind):
    path = tmp_path / "cut.wav"
    with path.open("wb") as file:
        soundfile.write(file, np.tile(tone, 2), 8000, format=kind, subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[: -len(data) // 4])  # a quarter of 4 s is missing
    with pytest.warns(UserWarning, match=r"header states 4\.0\d s, the file holds (2\.99|3\.00) s"):
        found, _ = reading.read(path)
    assert len(found) == pytest.approx(3 * 8000, abs=100)
    result = enhance(path, "-o", tmp_path / "out.wav")
    assert result.exit_code == 0
    assert "is cut short: its header states 4.0" in result.output


def test_a_length_that_stands_for_unknown_is_not_cut_short(tmp_path, tone):
    path = tmp_path / "piped.wav"
    soundfile.write(path, tone, 8000)
    data = bytearray(path.read_bytes())
    for size in (0x7FFFF000, 0xFFFFFFFF):
        data[4:8] = data[40:44] = size.to_bytes(4, "little")
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(reading.read(path)[0]) == SAMPLES


def test_an_input_that_is_no_audio_is_named_before_the_output(tmp_path):
    (tmp_path / "talk.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    result = enhance(tmp_path / "talk.m4a", "-o", tmp_path / "talk.txt")
    assert result.exit_code == 1
    assert "talk.m4a: cannot be read as audio" in result.output
    assert f"ffmpeg -i '{tmp_path}/talk.m4a' '{tmp_path}/talk.wav'" in result.output
    (tmp_path / "a.raw").write_bytes(bytes(100))
    assert "--rate HZ" in enhance(tmp_path / "a.raw", "-o", tmp_path / "b.wav").output


@pytest.mark.parametrize("rate", [0, 1 << 31, (1 << 32) - 1])
@pytest.mark.parametrize("piped", [True, False])
def test_impossible_rates_are_refused(tmp_path, tone, rate, piped):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone, 8000)
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(data)
    source = "-" if piped else path
    command = ["enhance", str(source), "-o", str(tmp_path / "out.wav")]
    result = CliRunner().invoke(main, command, input=bytes(data) if piped else None)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert "rate" in result.output or "cannot be read" in result.output
    assert not (tmp_path / "out.wav").exists()


# --- what can be wrong with an output --------------------------------------------------------
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_full_disk_is_called_that(tmp_path, rng, suffix):
    """A limit on the size of files stands for it: the same error of the same calls."""
    noisy = tmp_path / "noisy.wav"
    soundfile.write(noisy, rng.normal(0, 0.1, 400_000), 8000)
    limit = 64_000 if suffix == ".ogg" else 200_000
    result = subprocess.run(
        [sys.executable, "-m", "nibblestream", "enhance", noisy, "-o", tmp_path / f"o{suffix}"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert result.returncode == 1
    assert result.stderr == f"Error: [Errno 27] {tmp_path}/o{suffix}: not written, file too large\n"
    assert list(tmp_path.iterdir()) == [noisy]


def test_what_a_header_cannot_count_is_refused_or_becomes_rf64(tmp_path, tone, monkeypatch):
    monkeypatch.setitem(writing._LIMITED, "WAV", 90_000)
    writing.write(tmp_path / "a.wav", tone, 8000)
    assert soundfile.info(tmp_path / "a.wav").format == "RF64"
    assert np.abs(reading.read(tmp_path / "a.wav")[0] - tone).max() <= KEPT
    monkeypatch.setitem(writing._LIMITED, "AU", 30_000)
    with pytest.raises(ValueError, match="AU files hold at most 4 GiB"):
        writing.write(tmp_path / "a.au", tone, 8000)
    assert not (tmp_path / "a.au").exists()


def test_errors_of_a_backend_are_not_the_files(tmp_path, tone, monkeypatch):
    audio = tmp_path / "noisy.wav"
    soundfile.write(audio, tone, 8000)
    with pytest.raises(TypeError, match="of the caller"), reading.reading(audio):
        raise TypeError("of the caller")
    monkeypatch.setenv("CXX", "/bin/false")
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "cache"))
    result = enhance(audio, "-o", tmp_path / "out.wav", "--backend", "csim")
    assert result.exit_code == 1
    assert "cannot be read" not in result.output
    assert "compile" in result.output


def test_write_protected_outputs_stay(tmp_path, tone, monkeypatch):
    """As the system answers a user: root may write to protected files."""
    soundfile.write(tmp_path / "noisy.wav", tone, 8000)
    (tmp_path / "out.wav").write_bytes(b"precious")
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.isdir(path))
    result = enhance(tmp_path / "noisy.wav", "-o", tmp_path / "out.wav")
    assert (result.exit_code, "write-protected" in result.output) == (1, True)
    assert (tmp_path / "out.wav").read_bytes() == b"precious"


def test_a_hint_names_another_file(tmp_path):
    (tmp_path / "text.wav").write_text("hello")
    output = enhance(tmp_path / "text.wav", "-o", tmp_path / "out.wav").output
    assert f"ffmpeg -i '{tmp_path}/text.wav' '{tmp_path}/text-converted.wav'" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_command_leaves_no_half_file(tmp_path, rng, number):
    noisy = tmp_path / "noisy.wav"
    soundfile.write(noisy, rng.normal(0, 0.1, 8000 * 600), 8000)
    command = [sys.executable, "-m", "nibblestream", "enhance", noisy, "-o", tmp_path / "out.wav"]
    with subprocess.Popen(command) as process:
        while not [path for path in tmp_path.iterdir() if path.name.startswith(".nibblestream")]:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait() == 128 + number
    assert list(tmp_path.iterdir()) == [noisy]
