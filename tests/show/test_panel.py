"""The panel of notebook 1: whatever is changed, what is heard, seen and counted follows."""

from __future__ import annotations

import io
import re
import sys
from datetime import datetime, timezone
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from nibblestream import Enhancer, FloatModel, QuantizedModel, quantize
from nibblestream.demo.recording import CLEAN, NOISY
from nibblestream.evaluate.metrics import stoi
from nibblestream.hardware.traffic import stream_bytes
from nibblestream.show import counted, sources
from nibblestream.show.panel import BUNDLED, SCHEMES, Panel
from nibblestream.sound import reading


@pytest.fixture(scope="module")
def clean():
    return reading.read_mono(CLEAN)


@pytest.fixture(scope="module")
def noisy():
    return reading.read_mono(NOISY)


@pytest.fixture(scope="module")
def model():
    return QuantizedModel.load("mlp")


@pytest.fixture
def mlp(monkeypatch):
    """Have panels run a network of known size."""
    module = import_module("nibblestream.show.panel")  # not the function of this name
    model = FloatModel.load("mlp-float")
    monkeypatch.setattr(module, "model", lambda bits: quantize(model, SCHEMES[bits], bits))


@pytest.fixture
def panel(monkeypatch):
    monkeypatch.setattr(sources, "microphone", lambda: None)
    return Panel("emu")


def shown(audio_widget) -> np.ndarray:
    return soundfile.read(io.BytesIO(audio_widget.value))[0]


def upload(panel: Panel, name: str, content: bytes) -> None:
    file = {"name": name, "type": "audio/wav", "size": len(content), "content": content}
    panel.upload.value = ({**file, "last_modified": datetime.now(timezone.utc)},)


def test_the_panel_enhances_what_it_mixed(panel, clean, noisy):
    np.testing.assert_allclose(shown(panel.before), noisy, atol=2e-4)
    mixed = sources.with_noise(clean, 4)
    with Enhancer(quantize(FloatModel.load("default-float"))) as enhancer:
        expected = enhancer.enhance(mixed, 8000)
    np.testing.assert_allclose(shown(panel.after), expected, atol=2**-14)
    assert panel.before_title.value == f"<b>Before</b>, STOI {stoi(clean, mixed):.3f}"
    assert panel.after_title.value == f"<b>After</b>, STOI {stoi(clean, expected):.3f}"
    assert bytes(panel.picture.value).startswith(b"\x89PNG")
    assert not panel.status.value


@pytest.mark.parametrize(("bits", "a_pass"), [(8, 297_216), (4, 149_632), (3, 112_224)])
def test_the_panel_counts_bytes_of_each_width(mlp, panel, bits, a_pass):
    panel.bits.value = bits
    text = re.sub("<[^>]*>", " ", panel.bytes.value)
    found = [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", text)]
    total, passes, size, frames = found[:4]
    assert (size, frames) == (a_pass, 1091)
    assert total == passes * size


def test_the_panel_follows_the_slider(panel):
    before = [shown(panel.before), shown(panel.after)]
    panel.snr.value = -5
    assert panel.before_title.value < "<b>Before</b>, STOI 0.6"
    assert not np.array_equal(shown(panel.before), before[0])
    assert not np.array_equal(shown(panel.after), before[1])


def test_the_panel_takes_a_file_as_it_is_or_with_noise(panel, noisy):
    file = io.BytesIO()
    soundfile.write(file, np.stack([noisy[:16000]] * 2, axis=1), 16000, format="WAV")
    upload(panel, "street.wav", file.getvalue())
    assert panel.source.options == (BUNDLED, "street.wav")
    assert panel.source.value == "street.wav"
    assert panel.snr.disabled
    assert len(shown(panel.before)) == 8000
    assert panel.before_title.value == "<b>Before</b>"  # nobody knows what is clean in it
    panel.noise.value = True
    assert "STOI" in panel.before_title.value
    panel.source.value = BUNDLED
    assert len(shown(panel.before)) == len(noisy)


def test_the_panel_says_what_is_no_audio(panel):
    before = panel.before.value
    upload(panel, "junk.wav", b"no audio")
    assert "junk.wav: cannot be read as audio" in panel.status.value
    assert panel.source.value == BUNDLED
    assert panel.before.value == before
    panel.bits.value = 8
    assert not panel.status.value


def test_the_panel_says_why_noise_cannot_be_added(panel):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8000), 8000, format="WAV")
    upload(panel, "silence.wav", file.getvalue())
    assert not panel.status.value
    panel.noise.value = True
    assert "the speech is silent" in panel.status.value


class PortAudioError(Exception):
    pass


def microphone(samples, error=None):
    def rec(count, rate, *, channels, blocking):
        if error:
            raise PortAudioError(error)
        assert (count, rate, channels, blocking) == (5 * 16000, 16000, 1, True)
        return samples

    device = {"default_samplerate": 16000.0}
    return SimpleNamespace(
        query_devices=lambda kind: device, rec=rec, PortAudioError=PortAudioError
    )


def test_the_panel_records(monkeypatch, rng):
    samples = rng.uniform(-0.5, 0.5, (5 * 16000, 1)).astype(np.float32)
    monkeypatch.setattr(sources, "microphone", lambda: microphone(samples))
    panel = Panel("emu")
    panel.record.click()
    assert panel.source.value == "microphone"
    assert len(shown(panel.before)) == 5 * 8000
    assert not panel.status.value


def test_the_panel_says_why_it_cannot_record(monkeypatch):
    monkeypatch.setattr(sources, "microphone", lambda: microphone(None, "device is busy"))
    panel = Panel("emu")
    panel.record.click()
    assert "device is busy" in panel.status.value
    assert panel.source.value == BUNDLED


@pytest.mark.parametrize("device", [None, microphone(None)])
def test_recording_is_offered_where_there_is_a_microphone(monkeypatch, device):
    monkeypatch.setattr(sources, "microphone", lambda: device)
    panel = Panel("emu")
    assert (panel.record in panel.box.children[0].children[0].children) == (device is not None)


def test_a_missing_package_portaudio_or_device_is_no_microphone(monkeypatch):
    def none_there(kind):
        raise PortAudioError("no device")

    package = SimpleNamespace(query_devices=none_there, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", package)
    assert sources.microphone() is None
    package.query_devices = lambda kind: {}
    assert sources.microphone() is package
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert sources.microphone() is None


def test_long_files_are_cut(rng):
    file = io.BytesIO()
    soundfile.write(file, rng.uniform(-0.1, 0.1, 31 * 8000), 8000, format="WAV")
    _, samples = sources.uploaded([{"name": "long.wav", "content": memoryview(file.getvalue())}])
    assert len(samples) == 30 * 8000


def test_noise_is_added_at_the_snr_and_never_clips(clean):
    noisy = sources.with_noise(0.1 * clean, 10)
    noise = noisy - 0.1 * clean
    assert 10 * np.log10(np.mean((0.1 * clean) ** 2) / np.mean(noise**2)) == pytest.approx(10)
    assert np.abs(sources.with_noise(clean / np.abs(clean).max(), -5)).max() == 1


@pytest.mark.parametrize("length", [1, 64, 2048, 2049, 10_000])
def test_piece_by_piece_is_the_same(model, noisy, length):
    pieces = list(counted.counted(model, noisy[:length], "emu"))
    with Enhancer(model) as enhancer:
        expected = enhancer.enhance(noisy[:length], 8000)
    np.testing.assert_array_equal(np.concatenate([piece for piece, _ in pieces]), expected)
    moved = [traffic.streamed for _, traffic in pieces]
    assert moved == sorted(moved)


def test_what_hardware_counted_is_told(model, kernel_cache, noisy):
    pytest.importorskip("pynq")
    *_, (_, traffic) = counted.counted(model, noisy[:4000], "virtual")
    text = counted.count(traffic)
    total = traffic.passes * stream_bytes(traffic.layers)
    assert f"DMA {total:,}, counted at the port {total:,}" in text
