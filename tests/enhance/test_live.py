"""From a microphone to headphones: on devices that are not there, but call back as real ones do."""

import io
import re
import subprocess
import sys
from functools import partial
from importlib import import_module

import numpy as np
import pytest
from click.testing import CliRunner
from tqdm import tqdm

from fake_sounddevice import CallbackAbort, Fake
from networks import random_model
from nibblestream import Enhancer
from nibblestream.cli import main
from nibblestream.enhance import live
from nibblestream.sound import devices

MODULE = "sounddevice"


def call(*arguments):
    result = CliRunner().invoke(main, ["live", *(str(argument) for argument in arguments)])
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def noisy(rng):
    return rng.normal(0, 0.1, 64 * 400).astype(np.float32)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.npz"
    random_model(np.random.default_rng(5), (16,)).save(path)
    return path


@pytest.fixture
def fake(noisy, monkeypatch):
    """Devices that hear `noisy`."""
    module = Fake(noisy)
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


# --- what is played --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("band", "rates", "rate", "block", "late"),
    [
        ("full", (8000, 48000), 48000, 384, 882),
        ("full", (8000, 44100), 44100, 352, 810),
        ("full", (8000,), 8000, 64, 64),
        ("narrow", (8000, 48000), 8000, 64, 64),
        ("narrow", (48000,), 48000, 384, 882),
    ],
)
def test_what_is_played_is_what_was_heard_enhanced_and_later(
    fake, model, noisy, band, rates, rate, block, late
):
    fake.rates = rates
    result = call("--model", model, *["--band", band] * (band == "narrow"))
    assert result.exit_code == 0, result.output
    assert (fake.opened.rate, fake.opened.block) == (rate, block)
    played = np.concatenate(fake.played)
    with Enhancer(model, band=band) as enhancer:
        clean = enhancer.enhance(noisy, rate)
    np.testing.assert_array_equal(played[:late], np.zeros(late))
    np.testing.assert_array_equal(played[late:], clean[: len(played) - late])


def test_a_block_in_and_its_wait_are_the_latency_of_the_stream(model):
    with Enhancer(model) as enhancer:
        stream = enhancer.stream()
        assert live.Player(stream, 64, CallbackAbort).latency == stream.latency == 128


# --- what is told ----------------------------------------------------------------------------
def test_the_summary(fake, model):
    fake.flags = {
        3: ["output_underflow", "input_underflow"],
        9: ["input_overflow"],
        10: ["output_underflow", "input_overflow"],
    }
    result = call("--model", model, "--band", "narrow")
    assert result.exit_code == 0, result.output
    assert re.fullmatch(
        r"3\.2 s at 8000 Hz; latency 16\.0 ms, with the devices 39\.0 ms; a block of 8\.0 ms took "
        r"\d+\.\d\d ms \(p99 \d+\.\d\d ms\); 2 under-runs, 2 over-runs\n",
        result.output,
    )  # and nothing else, as there is no terminal


def test_the_status_line(fake, model, noisy, monkeypatch):
    terminal = io.StringIO()
    shown = partial(tqdm, file=terminal, mininterval=0)
    command = import_module("nibblestream.cli.live")
    monkeypatch.setattr(command, "tqdm", lambda disable, **options: shown(disable=False, **options))
    monkeypatch.setattr(live, "REFRESH", 0.001)
    fake.flags = {0: ["output_underflow"]}
    assert call("--model", model, "--band", "narrow").exit_code == 0
    lines = [line.strip() for line in re.split(r"[\r\n]+", terminal.getvalue()) if line.strip()]
    pattern = (
        r"in +(-\d+) dB, out +(-\d+) dB, latency 39 ms, 1 under-runs, 0 over-runs; Ctrl-C ends"
    )
    found = [re.fullmatch(pattern, line) for line in lines]
    assert all(found), lines
    levels = [int(one.group(1)) for one in found if one.group(1) != "-100"]
    assert levels  # of noise of 0.1, in 64 samples or more
    assert -23 <= min(levels) <= max(levels) <= -17


def test_levels(model):
    with Enhancer(model) as enhancer:
        player = live.Player(enhancer.stream(), 64, CallbackAbort)
        assert player.levels() == (-100, -100)
        still = type("Status", (), {f"{side}put_{way}flow": 0 for side in ("in", "out")
                                    for way in ("under", "over")})  # fmt: skip
        for _ in range(4):
            player(
                np.full((64, 1), 0.1, np.float32), np.zeros((64, 1), np.float32), 64, None, still
            )
        heard, played = player.levels()
        assert heard == pytest.approx(-20)
        assert played < 0
        assert player.levels() == (-100, -100)
        assert player.lap(1.0) >= player.lap(0.5) > 0


# --- devices ---------------------------------------------------------------------------------
def test_devices_are_listed(fake):
    assert call("--list").output == "0 Webcam\n1 USB mic\n2 USB speaker\n"
    fake.devices = type(fake.devices)()
    assert call("--list").output == "there are no sound devices\n"


@pytest.mark.parametrize(
    ("arguments", "devices"),
    [
        ((), (0, 0)),
        (("--input", "mic"), (1, 0)),
        (("--input", "1", "--output", "usb"), (1, 2)),
        (("--output", 2), (0, 2)),
    ],
)
def test_devices_by_name_and_number(fake, model, arguments, devices):
    assert call("--model", model, *arguments).exit_code == 0
    assert fake.opened.devices == devices


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--input", "Bluetooth"), "no input device 'Bluetooth' (No input device matching "
         "'Bluetooth'); available: 0: Webcam, 1: USB mic"),
        (("--output", "mic"), "available: 0: Webcam, 2: USB speaker"),
        (("--input", "2"), "Not an input device: 'USB speaker'"),
        (("--output", "7"), "no output device '7' (Error querying device 7); available: 0: Webcam"),
        (("--input", "b"), "Multiple input devices found for 'b'"),
    ],
)  # fmt: skip
def test_devices_that_are_not_there(fake, arguments, message):
    refused(message, *arguments)


def refused(message, *arguments):
    result = call(*arguments)
    assert (result.exit_code, message in result.output) == (1, True), result.output
    assert len(result.output.splitlines()) == 1


def test_no_devices_at_all(fake):
    fake.devices = type(fake.devices)()
    refused("no input default device (Error querying device -1); available: none")


def test_no_rate_in_common(fake):
    fake.rates = (96000,)
    refused("Webcam and Webcam support none of 48000, 44100, 16000, 8000 Hz together (Invalid")


def test_a_device_in_use(fake, model):
    fake.busy = True
    refused("the sound devices failed: Device unavailable", "--model", model)


def test_a_device_that_goes_away(fake, model):
    fake.unplugged = True
    refused("stopped by themselves", "--model", model)


def test_a_backend_that_fails_ends_it(fake, model, monkeypatch):
    def fail(self, spectrum):
        raise RuntimeError("the board is on fire")

    monkeypatch.setattr("nibblestream.enhance.session.FixedPoint.process", fail)
    refused("the board is on fire", "--model", model, "--band", "narrow")
    assert len(fake.played) == 1
    assert not fake.played[0].any()  # silence, not what was in the buffer


def test_bad_options(fake):
    assert call("--backend", "fpga").exit_code == 2
    refused("no such model", "--model", "nothing")


# --- what is not installed -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ModuleNotFoundError("No module named 'sounddevice'"), "pip install 'nibblestream[live]'"),
        (OSError("PortAudio library not found"), "apt-get install libportaudio2"),
    ],
)
def test_without_sounddevice_or_portaudio(monkeypatch, error, message):
    def missing(name):
        assert name == MODULE
        raise error

    monkeypatch.setattr(devices, "import_module", missing)
    refused(message)
    refused(message, "--list")


def test_help_has_an_example():
    assert "Example: nibblestream live" in call("--help").output


def test_nothing_else_needs_it():
    code = "import sys, nibblestream.enhance.live; print('sounddevice' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
