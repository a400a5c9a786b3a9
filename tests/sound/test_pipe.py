"""Audio through standard input and output: the bytes of a file, as soon as they can be there."""

import os
import pty
import shlex
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from inspect import signature
from io import BytesIO

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from nibblestream import Enhancer
from nibblestream.cli import main
from nibblestream.enhance.piecewise import enhanced
from nibblestream.sound import wave
from nibblestream.sound.wave import Layout

# click before 8.2 gives both outputs as one, unless it is told not to.
MIXED = "mix_stderr" in signature(CliRunner).parameters
RUNNER = CliRunner(mix_stderr=False) if MIXED else CliRunner()
COMMAND = [sys.executable, "-m", "nibblestream", "enhance"]
HEADER = 44  # bytes of a wav's of integers
PIECE = 2 * 64  # bytes of a hop
HOPS = 4  # of the window of `default`: the first hop comes out with the fourth


def enhance(*arguments, input=b""):
    """Run the command in this process; return its status, and what it wrote on either output."""
    command = ["enhance", *(str(argument) for argument in arguments)]
    result = RUNNER.invoke(main, command, input=input)
    return result.exit_code, result.stdout_bytes, result.stderr


@contextmanager
def running(*arguments, **files):
    """Start the command as a program of its own, with pipes, and with minutes to live."""
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE) | files
    with subprocess.Popen([*COMMAND, *map(str, arguments)], bufsize=0, **pipes) as command:
        limit = threading.Timer(300, command.kill)
        limit.start()
        try:
            yield command
            command.wait()
        finally:
            limit.cancel()


def piped(data, *options):
    """Return what comes out of a pipe."""
    status, out, messages = enhance("-", "-o", "-", *options, input=data)
    assert status == 0, messages
    assert messages.startswith("standard output: ")
    assert len(messages.splitlines()) == 1
    return out


def as_file(path, *options):
    """Return the bytes of the file command's result."""
    out = path.with_name("result.wav")
    status, _, messages = enhance(path, "-o", out, *options)
    assert status == 0, messages
    return out.read_bytes()


def refused(status, message, *arguments, input=b""):
    found, out, messages = enhance(*arguments, input=input)
    assert (found, out, message in messages) == (status, b"", True), messages
    assert len(messages.splitlines()) == 1


@pytest.fixture
def recording(tmp_path, rng):
    """A function that writes some noise in bursts."""

    def write(seconds=0.5, rate=8000, channels=1, **options):
        path = tmp_path / "noisy.wav"
        envelope = np.repeat(rng.uniform(0.1, 1, 100), int(rate * seconds) // 100 + 1)
        noise = rng.normal(0, 0.1, (int(rate * seconds), channels))
        soundfile.write(path, noise * envelope[: len(noise), None], rate, **options)
        return path

    return write


@pytest.fixture
def ffmpeg():
    """The command line of the ffmpeg that a wheel carries."""
    from imageio_ffmpeg import get_ffmpeg_exe

    return [get_ffmpeg_exe(), "-v", "error", "-nostdin"]


@pytest.fixture
def half_a_minute(shared_data, tmp_path):
    """30 s of speech in noise."""
    signals = []
    for kind in ("speech", "noise"):
        paths = sorted((shared_data / kind / "test").glob("*.flac"))
        parts = [soundfile.read(path, dtype="int16")[0] for path in paths[:40]]
        signals.append(np.concatenate(parts)[: 30 * 8000].astype(int))
    assert len(signals[0]) == len(signals[1]) == 30 * 8000
    path = tmp_path / "noisy.wav"
    soundfile.write(path, (sum(signals) // 2).astype(np.int16), 8000)
    return path


# --- the same bytes --------------------------------------------------------------------------
def test_half_a_minute_in_pieces_of_a_hop_is_the_file_commands_result(half_a_minute):
    expected = as_file(half_a_minute)
    data = half_a_minute.read_bytes()
    out = []
    with running("-", "-o", "-") as command:
        reader = threading.Thread(
            target=lambda: out.extend(iter(partial(command.stdout.read, 999), b""))
        )
        reader.start()
        for i in range(0, len(data), PIECE):
            command.stdin.write(data[i : i + PIECE])
        command.stdin.close()
        reader.join()
    assert command.returncode == 0
    assert b"".join(out) == expected


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_between_two_ffmpegs(ffmpeg, recording, tmp_path, bits):
    """A decoder that cannot tell the length in its header, and a player's input."""
    path = recording(subtype=f"PCM_{bits}")
    expected = as_file(path)
    codec = ["-c:a", f"pcm_s{bits}le"]
    line = (
        [*ffmpeg, "-i", path, *codec, "-f", "wav", "-"],
        [*COMMAND, "-", "-o", "-"],
        [*ffmpeg, "-f", "wav", "-i", "-", *codec, tmp_path / "after.wav"],
    )
    whole = "set -o pipefail; " + " | ".join(shlex.join(map(str, command)) for command in line)
    done = subprocess.run(["bash", "-c", whole], capture_output=True, check=True)
    assert done.stderr.startswith(b"standard output: ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    samples, rate = soundfile.read(tmp_path / "after.wav", dtype="int32")
    assert rate == 8000
    np.testing.assert_array_equal(samples, soundfile.read(BytesIO(expected), dtype="int32")[0])


def test_a_phones_recording_by_way_of_ffmpeg(ffmpeg, recording, tmp_path):
    """As the error about such a file advises."""
    path = recording(1.0, 16000)
    phone, wav = tmp_path / "phone.m4a", tmp_path / "phone.wav"
    subprocess.run([*ffmpeg, "-i", path, phone], check=True)
    refused(1, f"To convert it: ffmpeg -i '{phone}' '{wav}'", phone, "-o", tmp_path / "out.wav")
    subprocess.run([*ffmpeg, "-i", phone, wav], check=True)
    assert enhance(wav, "-o", tmp_path / "out.wav")[0] == 0
    assert soundfile.info(tmp_path / "out.wav").frames >= 16000


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "PCM_U8", "ULAW", "ALAW"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2)])
def test_every_kind_of_integers(recording, subtype, rate, channels):
    path = recording(0.2501, rate, channels, subtype=subtype)  # an odd number of samples
    assert piped(path.read_bytes()) == as_file(path)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floats_differ_in_the_header_only(recording, subtype):
    """Libsndfile's has a chunk with the time of day."""
    path = recording(subtype=subtype)
    out = piped(path.read_bytes())
    expected = as_file(path)
    size = 8 * 4000 // (2 if subtype == "FLOAT" else 1)
    assert out[-size:] == expected[-size:]
    assert soundfile.info(BytesIO(out)).subtype == subtype
    assert soundfile.info(BytesIO(out)).frames == 4000


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 127, 128, 129, 4000])
def test_every_length(recording, length):
    path = recording(length / 8000)
    assert piped(path.read_bytes()) == as_file(path)


@pytest.mark.parametrize("form", ["s16le", "s32le", "f32le"])
def test_raw_in_raw_out(recording, form):
    subtype = {"s16le": "PCM_16", "s32le": "PCM_32", "f32le": "FLOAT"}[form]
    path = recording(0.25, 16000, 2, subtype=subtype)
    samples, rate = soundfile.read(path, dtype="float64")
    layout = Layout(rate, 2, subtype)
    options = ["--rate", "16000", "--channels", "2"]
    out = piped(
        wave.encode(samples, layout), *options, *["--format", form][: 2 * (form != "s16le")]
    )
    assert len(out) == len(samples) * layout.frame_bytes
    assert out == as_file(path)[-len(out) :]
    odd = piped(wave.encode(samples, layout) + b"\1", *options, "--format", form)
    assert odd == out


def test_one_end_a_file(recording, tmp_path):
    path = recording(0.25, 16000, 2, subtype="PCM_24")
    expected = as_file(path)
    status, out, messages = enhance(path, "-o", "-")
    assert (status, out) == (0, expected), messages
    status, out, messages = enhance("-", "-o", tmp_path / "to.wav", input=path.read_bytes())
    assert (status, messages) == (0, "")
    assert out.decode().startswith(f"{tmp_path / 'to.wav'}: 0.25 s at 16000 Hz")
    assert (tmp_path / "to.wav").read_bytes() == expected
    raw = soundfile.read(path, dtype="int32")[0].tobytes()
    options = ["--rate", "16000", "--channels", "2", "--format", "s32le"]
    status, _, messages = enhance("-", "-o", tmp_path / "from-raw.wav", *options, input=raw)
    assert (status, messages) == (0, "")
    clean, rate = soundfile.read(tmp_path / "from-raw.wav")
    assert (rate, clean.shape) == (16000, (4000, 2))


def test_several_channels_on_a_board_are_read_to_their_end(recording):
    path = recording(0.25, 16000, 2)
    samples, rate = soundfile.read(path)
    layout = Layout(rate, 2, "PCM_16")
    with Enhancer() as enhancer, pytest.MonkeyPatch.context() as patch:
        patch.setattr(enhancer._pool._networks[0], "one_at_a_time", True)
        found = list(enhanced(enhancer, layout, np.split(samples, 10)))
        np.testing.assert_array_equal(np.concatenate(found), enhancer.enhance(samples, rate))
        mono = Layout(rate, 1, "PCM_16")
        found = list(enhanced(enhancer, mono, np.split(samples[:, :1], 10)))
        assert len(found) == 11  # one channel goes through at once there, too


# --- headers of writers that do not know the length ---------------------------------------------
def with_lengths(data, whole, samples, before=b""):
    """A wav with other lengths in its header, and other chunks before the samples."""
    lengths = struct.pack("<I", whole), struct.pack("<I", samples)
    return data[:4] + lengths[0] + data[8:36] + before + data[36:40] + lengths[1] + data[44:]


@pytest.mark.parametrize("length", [0, 0x7FFFEFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_unknown_lengths_go_to_the_end(recording, length):
    path = recording(0.25)
    expected = as_file(path)
    data = with_lengths(path.read_bytes(), length, length, b"LIST\3\0\0\0abc\0")
    out = piped(data)
    assert out[HEADER:] == expected[HEADER:]
    assert out[:HEADER] == wave.header(Layout(8000, 1, "PCM_16"))
    assert struct.unpack("<I", out[40:44]) == (wave.UNKNOWN,)


def test_a_header_is_put_right_in_a_file_but_not_if_appended_to(recording, tmp_path):
    path = recording(0.25)
    expected = as_file(path)
    path.write_bytes(with_lengths(path.read_bytes(), 0, 0))
    unknown = wave.header(Layout(8000, 1, "PCM_16"))
    line = f'"{sys.executable}" -m nibblestream enhance - -o -'
    for redirect, content in (
        (f"{{ printf before; {line} <noisy.wav; }} >out", b"before" + expected),
        (f"printf before >out; {line} <noisy.wav >>out", b"before" + unknown + expected[HEADER:]),
    ):
        subprocess.run(redirect, shell=True, cwd=tmp_path, check=True, capture_output=True)
        assert (tmp_path / "out").read_bytes() == content


def test_extensible_headers_and_what_follows_the_samples(recording):
    path = recording(0.25, channels=2, subtype="PCM_24")
    expected = as_file(path)
    data = path.read_bytes()
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    extensible = struct.pack("<I", 40) + struct.pack("<H", wave.EXTENSIBLE) + data[22:36]
    extensible += struct.pack("<HHI", 22, 24, 3) + guid
    changed = data[:16] + extensible + data[36:] + b"LIST\4\0\0\0abcd"
    assert soundfile.info(BytesIO(changed)).frames == 2000  # so it is one
    assert piped(changed) == expected


@pytest.mark.filterwarnings("default")
def test_less_than_the_header_says(recording, tmp_path):
    path = recording(0.25)
    short = path.read_bytes()[:-2001]
    status, out, messages = enhance("-", "-o", "-", input=short)
    assert status == 0
    assert messages.splitlines()[0] == "warning: standard input ended after 999 of 2000 samples"
    path.write_bytes(with_lengths(short[:-1], 36 + 1998, 1998))
    assert out[HEADER:] == as_file(path)[HEADER:]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(wave.TAGS)), st.integers(1, 3), st.integers(0, 20), st.data())
def test_headers_are_libsndfiles_and_are_read_back(subtype, channels, frames, data):
    file = BytesIO()
    samples = np.zeros((frames, channels))
    soundfile.write(file, samples, 8000, subtype=subtype, format="WAV")
    layout = Layout(8000, channels, subtype, frames)
    assert wave.read_header(BytesIO(file.getvalue())) == (
        layout if frames else Layout(8000, channels, subtype)
    )
    if subtype.startswith("PCM_"):
        assert file.getvalue()[:HEADER] == wave.header(layout)
    assert wave.read_header(BytesIO(wave.header(layout))).channels == channels
    cut = data.draw(st.integers(1, HEADER - 1))
    with pytest.raises(ValueError, match=r"standard input: .*; expected "):
        wave.read_header(BytesIO(file.getvalue()[:cut]))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=64), st.integers(4, 44))
def test_damaged_headers_are_refused_or_read(rubbish, at):
    good = wave.header(Layout(8000, 1, "PCM_16", 5))
    with suppress(ValueError):  # no other error, no endless loop, no zero to divide by
        assert wave.read_header(BytesIO(good[:at] + rubbish)).frame_bytes > 0


# --- in time ---------------------------------------------------------------------------------
def test_what_comes_in_goes_out_before_more_comes(recording):
    """Hop after hop, each is waited for before the next one is given."""
    path = recording(1.0)
    data, expected = path.read_bytes(), as_file(path)
    with running("-", "-o", "-") as command:
        command.stdin.write(data[: HEADER + HOPS * PIECE])
        out = command.stdout.read(HEADER)
        out += command.stdout.read(PIECE)  # the first hop, with the fourth one
        for i in range(HEADER + HOPS * PIECE, len(data) - PIECE, PIECE):
            command.stdin.write(data[i : i + PIECE])
            out += command.stdout.read(PIECE)
            assert len(out) == i - (HOPS - 2) * PIECE
        command.stdin.write(data[i + PIECE :])
        command.stdin.close()
        out += command.stdout.read()
    assert out == expected


# --- how it ends -----------------------------------------------------------------------------
@pytest.mark.parametrize("raw", [(), ("--rate", 8000)])
def test_nothing_comes_in(raw, tmp_path):
    message = "standard input: holds no samples; expected at least one"
    refused(1, message, "-", "-o", "-", *raw, input=b"")
    refused(1, message, "-", "-o", tmp_path / "out.wav", *raw, input=b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"fLaC and so on", "starts with b'fLaC and so '; expected a wav header"),
        (b"RIFF....WAVE", "ends within its wav header"),
        (
            b"RIFF....WAVEdata\4\0\0\0abcd",
            "a chunk b'data' of 4 bytes; expected format chunks",
        ),
        (b"RIFF....WAVEjunk\xff\xff\xff\x7f", "a chunk b'junk' of 2147483647 bytes"),
        (b"RIFF....WAVEfmt \2\0\0\0ab", "a format of 2 bytes"),
        (wave.header(Layout(8000, 1, "PCM_16")), "holds no samples"),
        (
            wave.header(Layout(8000, 65, "PCM_16")) + bytes(130),
            "found 65 channels; expected at most 64",
        ),
        (
            wave.header(Layout(10, 1, "PCM_16")) + bytes(8),
            "has a sample rate of 10 Hz; expected 1000 to 768000 Hz",
        ),
        (wave.header(Layout(8000, 1, "FLOAT")) + b"\0\0\xc0\x7f", "holds NaN"),
        (wave.header(Layout(8000, 1, "PCM_16"))[:34] + b"\13\0data", "of format 0x1, 11 bits"),
    ],
)
def test_what_is_no_audio(data, message):
    refused(1, message, "-", "-o", "-", input=data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "-o", "-", "--format", "f32le"), "they need - as IN, and --rate"),
        (("-", "-o", "-", "--channels", 2), "they need - as IN, and --rate"),
        (("in.wav", "-o", "out.wav", "--rate", 8000), "they need - as IN"),
        (("in.wav", "-o", "-", "--rate", 8000), "they need - as IN"),
        (("-", "-o", "-", "--rate", 8000, "--format", "mp3"), "mp3"),
        (("-", "-o", "-", "--rate", 8000, "--channels", 0), "0"),
    ],
)
def test_wrong_usage(arguments, message):
    refused(2, message, *arguments, input=b"")


def test_other_mistakes_are_found_before_anything_is_read(tmp_path):
    refused(1, "there is no folder", "-", "-o", tmp_path / "no" / "out.wav", input=b"")
    refused(1, "cannot write '.txt'", "-", "-o", tmp_path / "out.txt", input=b"")
    refused(1, "no such model", "-", "-o", "-", "--model", "nothing", input=b"")
    refused(1, "no such file", tmp_path / "in.wav", "-o", "-")


def test_terminals_are_refused(recording, tmp_path):
    path = recording()
    terminal, end = pty.openpty()
    try:
        for arguments, streams, message in (
            (("-", "-o", tmp_path / "out.wav"), {"stdin": end}, b"read audio from a terminal"),
            ((path, "-o", "-"), {"stdout": end}, b"write audio to a terminal"),
        ):
            command = [*COMMAND, *map(str, arguments)]
            done = subprocess.run(command, stderr=subprocess.PIPE, check=False, **streams)
            assert (done.returncode, message in done.stderr) == (2, True)
            assert len(done.stderr.splitlines()) == 1
    finally:
        os.close(terminal)
        os.close(end)


def test_a_reader_that_leaves_ends_it_in_one_line(recording):
    """Python says nothing more at its own end, though some of a hop is still in a buffer."""
    data = recording(1.0).read_bytes()
    with running("-", "-o", "-", stderr=subprocess.PIPE) as command:
        command.stdin.write(data[: HEADER + HOPS * PIECE])
        assert command.stdout.read(1) == b"R"
        command.stdout.close()
        command.stdin.write(data[HEADER + HOPS * PIECE :][: 3 * PIECE])
        messages = command.stderr.read().decode()
        assert command.wait() == 1
    assert messages == "Error: standard output: the reader has closed it\n"


def test_ctrl_c_ends_it_in_one_line_with_a_header_that_is_right(recording, tmp_path):
    data, hops = recording(1.0).read_bytes(), 100 - HOPS + 1
    out = tmp_path / "out.wav"
    with (
        out.open("wb") as file,
        running("-", "-o", "-", stdout=file, stderr=subprocess.PIPE) as command,
    ):
        command.stdin.write(data[: HEADER + 100 * PIECE])
        while out.stat().st_size < HEADER + hops * PIECE and command.poll() is None:
            time.sleep(0.01)
        command.send_signal(signal.SIGINT)
        assert command.stderr.read().decode().split() == ["Aborted"]
        assert command.wait() == 1
    assert soundfile.info(out).frames == hops * 64
    assert struct.unpack("<I", out.read_bytes()[40:44]) == (2 * hops * 64,)
