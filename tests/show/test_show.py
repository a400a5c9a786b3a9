"""What the notebooks show: the integers are those of the library, the panel does what it says."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from nibblestream import FloatModel, QuantizedModel, quantize, show
from nibblestream.demo.recording import CLEAN, NOISY
from nibblestream.evaluate.metrics import stoi
from nibblestream.quantize import Scheme, quantize_weights
from nibblestream.show import beats, cordic_steps, equality, nearest, playback
from nibblestream.sound import reading
from nibblestream.speech import cordic, stft
from nibblestream.speech.pipeline import Pipeline
from nibblestream.studies.bench import at_hand
from nibblestream.studies.bench.run import integers

pytestmark = pytest.mark.numeric

NUMBER = re.compile(r"-?[\d,]+\b")


def numbers(line: str) -> list[int]:
    return [int(found.replace(",", "")) for found in NUMBER.findall(line)]


@pytest.fixture(scope="module")
def clean():
    return reading.read_mono(CLEAN)


@pytest.fixture(scope="module")
def noisy():
    return reading.read_mono(NOISY)


@pytest.fixture(scope="module")
def model():
    return QuantizedModel.load("mlp")


@pytest.mark.parametrize("here", ["pynq", "virtual", "csim", "emu"])
def test_the_nearest_backend_is_chosen_and_why(monkeypatch, capsys, here):
    order = ["pynq", "virtual", "csim", "emu"]
    nearer = order[: order.index(here)]
    monkeypatch.setattr(at_hand, "lacks", lambda name: f"no {name}" if name in nearer else "")
    assert show.backend() == here
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [f"not {name!r}: no {name}" for name in nearer]
    assert lines[-1].startswith(f"backend {here!r}: ")


def test_what_lacks_is_wrapped(monkeypatch, capsys):
    monkeypatch.setattr(at_hand, "lacks", lambda name: "word " * 50 if name != "emu" else "")
    show.backend()
    assert max(map(len, capsys.readouterr().out.splitlines())) <= nearest.WIDTH


# --- one frame --------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["mlp", "paper"])
@pytest.mark.parametrize("number", [7, 300])
def test_a_frame_is_what_the_pipeline_computes(name, number, noisy):
    model = QuantizedModel.load(name)
    found = show.frame(model, noisy, number)
    spectrum = integers(stft.stft(noisy))
    np.testing.assert_array_equal(found.enhanced, Pipeline(model).process(spectrum)[number])
    np.testing.assert_array_equal(found.spectrum, spectrum[number])
    last = found.activations[-1].astype(np.int64)
    if name == "mlp":
        gain = np.clip(last, model.front.least_gain, 1 << 15)
        last = (found.magnitude * gain + (1 << 14)) >> 15
    again = cordic.rotation(last.astype(np.int32), found.phase)
    np.testing.assert_array_equal(again, found.enhanced)


@given(st.integers(0, 2**23 - 1), st.integers(-(2**23), 2**23 - 1))
def test_the_steps_end_in_what_vectoring_gives(re, im):
    steps = cordic_steps.vectoring_steps(re, im)
    magnitude, phase = cordic.vectoring(np.array([re, im]))
    assert len(steps) == 1 + 18
    assert (steps[-1].x * cordic.INVERSE_GAIN + (1 << 29)) >> 30 == magnitude
    assert abs(steps[-1].angle / 2**8 - phase) <= 0.5 or phase == -(2**15)
    lines = show.turning(re, im).splitlines()
    assert numbers(lines[-2])[0] == magnitude
    assert numbers(lines[-1])[0] == phase


def test_a_vector_that_starts_from_its_opposite_is_refused():
    with pytest.raises(ValueError, match="real part is -1; expected 0 or more"):
        show.turning(-1, 5)


@pytest.mark.parametrize("number", [0, 64])
def test_a_beat_adds_up(model, noisy, number):
    layer, x = model.layers[0], show.frame(model, noisy, 300).activations[0]
    neuron = 17
    lines = show.beat(layer, x, neuron, number).splitlines()
    digits = lines[0].split(": ")[1].replace(" ", "")[::-1]
    weights, inputs = (np.zeros(16, int) for _ in range(2))
    have = len(x[16 * number :][:16])
    weights[:have] = layer.decoded[neuron][16 * number :][:16]
    inputs[:have] = x[16 * number :][:16]
    for lane, line in enumerate(lines[2:18]):
        code, mantissa, part, weight, factor, product = line.split()[1:]
        assert int(code, 2) == int(digits[lane], 16)
        assert int(mantissa) << (layer.lut.k if part == "ext" else 0) == int(weight)
        if lane < have:
            assert int(weight) == weights[lane]
        assert int(factor) == inputs[lane]
        assert int(weight) * int(factor) == int(product.replace(",", ""))
    assert numbers(lines[18])[-1] == weights @ inputs


def test_only_codes_of_4_bits_are_shown_as_beats(noisy):
    model = quantize(FloatModel.load("mlp-float"), "u", 8)
    x = show.frame(model, noisy, 300).activations[0]
    with pytest.raises(ValueError, match="codes have 8 bits; expected 4"):
        show.beat(model.layers[0], x, 0, 0)


@pytest.mark.parametrize("bits", [3, 4, 8])
@pytest.mark.parametrize("neuron", [0, 101])
def test_the_sum_ends_in_the_layers_output(bits, neuron, noisy):
    model = quantize(FloatModel.load("mlp-float"), "u-vbs", bits)
    layer, found = model.layers[0], show.frame(model, noisy, 300)
    x = found.activations[0]
    every = beats.sums(layer, x, neuron)
    assert len(every) == -(-1032 // (8 if bits == 8 else 16))
    assert every[-1] == sum(int(w) * int(v) for w, v in zip(layer.decoded[neuron], x, strict=True))
    lines = show.accumulating(layer, x, neuron).splitlines()
    rounded, output = (numbers(line.split("ed ")[1])[0] for line in lines[-2:])
    assert output == found.activations[1][neuron] == max(rounded, 0)


def test_the_headers_are_those_of_the_stream(model):
    text = show.headers(model)
    assert "layers 2" in text
    assert "inputs 1032, outputs 256, code_bits 4, k 4" in text
    assert "in all 18,764 beats of 8 bytes: 150,112 bytes" in text


def test_backends_are_compared_integer_by_integer(model, noisy, monkeypatch):
    there = {"emu", "csim"}
    monkeypatch.setattr(at_hand, "lacks", lambda name: "" if name in there else "nothing")
    real = equality._enhanced

    def off_by_one(name, model, spectrum):
        found = real("emu", model, spectrum)
        found[3, 4, 1] += name == "csim"
        return found

    monkeypatch.setattr(equality, "_enhanced", off_by_one)
    assert show.same_bits(model, noisy[:8000]).splitlines() == [
        "emu      32,508 integers: the definition",
        "csim     32,508 integers, 1 of them other than emu's",
        "virtual  not here: nothing",
        "pynq     not here: nothing",
    ]


# --- players and pictures -----------------------------------------------------------------------
@pytest.mark.parametrize("channels", [1, 2])
def test_players_hold_the_samples_at_their_level(rng, channels):
    signal = rng.uniform(-0.1, 0.1, (400, channels))
    html = show.players({"<quiet>": signal[:, 0] if channels == 1 else signal}, 16000).data
    assert "&lt;quiet&gt;" in html
    assert html.count("<audio controls") == 1
    file = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    samples, rate = soundfile.read(io.BytesIO(file), always_2d=True)
    assert rate == 16000
    np.testing.assert_allclose(samples, signal, atol=2**-14)


def test_too_loud_samples_are_clipped():
    samples, _ = soundfile.read(io.BytesIO(playback.wav(np.array([2.0, -3.0, 0.5]))))
    np.testing.assert_allclose(samples, [1, -1, 0.5], atol=2**-14)


def test_scores_are_those_of_the_metrics(clean, noisy):
    line = show.scores(clean, {"noisy": noisy}).splitlines()[1]
    assert line.split() == ["noisy", f"{stoi(clean, noisy):.3f}", "4.0", "dB"]


def test_rounding_tells_levels_zeros_and_noise():
    weights = np.array([[0.5, 0.25, 0.01, 0.0]], np.float32)
    line = show.rounding(weights, {"u": quantize_weights(weights, Scheme("u", 4))}).splitlines()[1]
    power = 0.25 + 0.0625 + 1e-4
    assert line.split() == ["u", "3", "50.0%", f"{10 * np.log10(1e-4 / power):.1f}", "dB"]
