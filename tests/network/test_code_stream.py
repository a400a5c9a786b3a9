"""A model as one stream of beats: every field where the layout says, and its digest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import ACTIVATIONS, plain, random_model
from nibblestream import QuantizedModel, quantize, spec
from nibblestream.fixed import QFormat
from nibblestream.hardware.traffic import layers_of, stream_bytes
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR
from nibblestream.network.pack import unpack

pytestmark = pytest.mark.numeric


def part(beat, layout, name):
    low, bits = layout[name]
    return int(beat) >> low & (1 << bits) - 1


def slow_digest(beats: list[int]) -> int:
    state = 0
    for beat in beats:
        state = (state << 1 | state >> 63) & (2**64 - 1)
        state ^= beat
    return (state ^ state >> 32) & (2**32 - 1) or 1


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_everything_of_a_model_is_in_its_stream(rng, bits):
    model = random_model(rng, (37, 5), scheme="u" if bits == 8 else "rs-vbs", bits=bits)
    beats = code_stream.beats(model)
    assert beats.dtype == np.uint64
    assert beats.nbytes == stream_bytes(layers_of(model))
    head = {name: part(beats[0], spec.MODEL_BEAT, name) for name in spec.MODEL_BEAT}
    assert head.pop("gain_floor") == model.front.least_gain == round(0.1 * 2**15)
    magic = int.from_bytes(b"NIBL", "little")
    assert head.pop("inputs") == model.front.least_gain  # the same bits, for other networks
    wanted = {
        "magic": magic,
        "version": 1,
        "log2": 1,
        "gain": 1,
        "raw": 0,
        "wide": 0,
        "single": 0,
        "layers": 3,
    }
    assert head == wanted
    at = 1
    for layer in model.layers:
        fields = {name: part(beats[at], spec.LAYER_BEAT, name) for name in spec.LAYER_BEAT}
        assert (fields["outputs"], fields["inputs"]) == layer.shape
        assert (fields["code_bits"], fields["k"]) == (bits, layer.k)
        assert (fields["shift"], fields["bias_shift"]) == (layer.shift, layer.bias_shift)
        assert 2 ** fields["output_bits"] - 1 == layer.output_format.high
        assert (fields["relu"], fields["activation"], fields["wide_bias"]) == (1, 0, 0)
        at += 1
        if bits < 8:
            entries = [int(beats[at + i // 4]) >> 16 * (i % 4) & 0xFFFF for i in range(1 << bits)]
            signed = [(entry & 255) - 2 * (entry & 128) for entry in entries]
            assert signed == layer.lut.mantissa.tolist()
            assert [entry >> 8 for entry in entries] == layer.lut.internal.tolist()
            at += 4
        biases = [int(beats[at + i // 8]) >> 8 * (i % 8) & 255 for i in range(layer.outputs)]
        assert [b - 2 * (b & 128) for b in biases] == layer.bias.tolist()
        at += -(-layer.outputs // 8)
        used = len(layer.beats)
        assert (unpack(beats[at : at + used], bits, layer.shape) == layer.codes).all()
        at += used
    assert at == len(beats)


def signed(beat, layout, name):
    bits, value = layout[name].bits, part(beat, layout, name)
    return value - (value >> bits - 1 << bits)


@pytest.mark.parametrize("bits", [3, 4, 8])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_layers_of_any_activation_are_in_the_stream(rng, activation, bits):
    # Of 2048 inputs for a wide one; weights of 2**5 for an exponent.
    model = quantize(plain(rng, (300, 7), (activation,), scale=2.0**5), "kmeans", bits)
    (layer,) = model.layers
    first, head, *rest = code_stream.beats(model)
    assert len(rest) + 2 == stream_bytes(layers_of(model)) // 8
    assert [part(first, spec.MODEL_BEAT, name) for name in ("raw", "wide", "layers", "inputs")] == [
        1, 0, 1, 300,
    ]  # fmt: skip
    fields = {name: part(head, spec.LAYER_BEAT, name) for name in spec.LAYER_BEAT}
    kind = activation.kind
    number = 0 if kind in ("linear", "relu") else spec.ACTIVATIONS.index(kind)
    assert (fields["relu"], fields["activation"]) == (int(kind == "relu"), number)
    assert fields["wide_bias"] == 1
    assert (fields["shift"], fields["bias_shift"]) == (layer.shift, layer.bias_shift)
    if number:
        beat = rest.pop(0)
        low, high = (signed(beat, spec.ACTIVATION_BEAT, name) for name in ("low", "high"))
        shift = part(beat, spec.ACTIVATION_BEAT, "shift")
        step = layer.output_format.resolution
        if kind == "clip":
            ends = np.clip([activation.low, activation.high], -(2**24) * step, (2**24 - 1) * step)
            assert np.abs(ends / step - [low, high]).max() <= 0.5
        else:
            assert (low, high) == (0, 0)
        if kind == "leaky":
            assert 2.0**-shift == activation.slope
        if activation.tabled:  # sums, rounded and shifted, are words of the curve
            assert fields["output_bits"] + shift == 18
            into = layer.accumulator_frac - fields["shift"] + shift
            assert into == (15 if kind == "tanh" else 14)
    if not activation.tabled:
        assert 2 ** fields["output_bits"] - 1 == layer.output_format.high
    table = 4 if bits < 8 else 0
    biases = [int(rest[table + i // 4]) >> 16 * (i % 4) & 0xFFFF for i in range(7)]
    assert [b - 2 * (b & 2**15) for b in biases] == layer.bias.tolist()
    codes = np.array(rest[table + 2 :], np.uint64)
    assert (unpack(codes, bits, layer.shape) == layer.codes).all()


def test_the_bundled_model_adds_less_than_half_a_percent_to_its_codes():
    model = QuantizedModel.load("mlp")
    assert stream_bytes(layers_of(model)) - model.stream_bytes == 8 * 60
    assert model.stream_bytes > 200 * 8 * 60


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=200))
def test_digest_is_what_it_says(beats):
    assert code_stream.digest(np.array(beats, np.uint64)) == slow_digest(beats)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=80), st.data())
def test_a_wrong_bit_changes_the_digest(beats, data):
    found = np.array(beats, np.uint64)
    before = code_stream.digest(found)
    found[data.draw(st.integers(0, len(beats) - 1))] ^= np.uint64(
        1 << data.draw(st.integers(0, 63))
    )
    assert code_stream.digest(found) != before or before == 1


def test_a_signed_output_is_marked(rng):
    model = random_model(rng, (4,))
    first = replace(model.layers[0], activation=LINEAR)
    beats = code_stream.beats(replace(model, layers=(first, model.layers[1])))
    assert part(beats[1], spec.LAYER_BEAT, "relu") == 0


def test_what_the_layout_has_no_bits_for_is_refused(rng):
    model = random_model(rng, (4,))
    silent = np.zeros_like(model.layers[0].bias)
    fine = {"input_format": QFormat(12, 60), "output_format": QFormat(25, 50), "bias": silent}
    object.__setattr__(model, "layers", (replace(model.layers[0], **fine), model.layers[1]))
    with pytest.raises(ValueError, match=r"bias_shift is 64, but the stream has 6 bits"):
        code_stream.beats(model)
