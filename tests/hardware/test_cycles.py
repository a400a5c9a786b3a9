"""The cycle model: by hand for the bundled models, and as a model for any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import random_model
from nibblestream import QuantizedModel, quantize, spec
from nibblestream.geometry import Geometry
from nibblestream.hardware import resources
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.cycles import PIPELINE_DEPTH, SPECTRA_BYTES, Block, report
from nibblestream.hardware.traffic import LayerTraffic, RowTraffic, layers_of, rows_of, stream_bytes
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR, RELU, TANH
from nibblestream.network.float_model import FloatModel
from nibblestream.network.recurrent import RECURRENT
from nibblestream.network.topology import largest_block
from nibblestream.speech.front import INPUTS
from plain_networks import plain_network

Z2 = BOARDS["Pynq-Z2"]


def block(hidden=(256,), bits=4, frames=1):
    widths = [INPUTS, *hidden, spec.BINS]
    pairs = zip(widths[1:], widths[:-1], strict=True)
    return Block([LayerTraffic(out, n, bits) for out, n in pairs], frames)


NETWORKS = st.lists(st.integers(1, spec.MAX_WIDTH), max_size=3)


@pytest.mark.parametrize("name", ["mlp", "paper"])
def test_the_bundled_models_by_hand(name):
    """Rows of 65 and of 16 steps of 16 codes; a beat each for model and layers, LUTs, biases."""
    layers = layers_of(QuantizedModel.load(name))
    codes = 256 * 65 + 129 * 16
    assert codes == 18_704
    headers = 1 + (1 + 4 + 32) + (1 + 4 + 17)
    live, file = Block(layers, 1), Block(layers, 32)
    assert live.beats == file.beats == codes + headers
    # LUTs take an entry a clock; 11 loops run empty.
    rest = 1 + 2 * (1 + 16) + 32 + 17 + 11 * PIPELINE_DEPTH
    assert live.cycles == 8 * 129 + codes + 129 + rest
    assert file.cycles == 39 * 129 + 4 * codes + 32 * 129 + rest
    assert (live.bound, file.bound) == ("stream", "multiply")


def test_codes_of_8_bits_by_hand():
    layers = layers_of(QuantizedModel.load("mlp"), bits=8)
    codes = 256 * 129 + 129 * 32
    assert Block(layers, 1).beats == codes + 1 + (1 + 32) + (1 + 17)
    rest = 1 + 2 + 32 + 17 + 9 * PIPELINE_DEPTH  # no LUTs
    assert Block(layers, 9).cycles == (7 + 9) * 129 + 2 * codes + 9 * 129 + rest


def test_rates_by_hand():
    """Two clocks a frame, so to say: a block of 8 frames and its clocks, at 1 MHz."""
    some = block(frames=8)
    assert some.rate(1) == pytest.approx(8e6 / some.cycles)
    assert some.code_bytes(125) == pytest.approx(125 / 8 * some.beats * 8)
    assert SPECTRA_BYTES == 2 * 1032


@pytest.mark.parametrize(
    ("bits", "frames", "bound"),
    [
        (4, 8, "stream"),
        (4, 9, "multiply"),
        (8, 8, "stream"),
        (3, 1, "multiply"),
        (2, 1, "multiply"),
    ],
)
def test_what_bounds_it(bits, frames, bound):
    """Half a beat or three quarters a step, or a step for two groups: the code port waits."""
    assert block(bits=bits, frames=frames).bound == bound


def test_the_larger_layer_says_what_bounds_it():
    """Of two layers: 4 * 65 clocks in which each beat is new, and 129 in which only half are."""
    first, last = LayerTraffic(4, INPUTS, 4), LayerTraffic(spec.BINS, 4, 2)
    assert Block([first, last], 1).bound == "stream"
    assert Block([LayerTraffic(1, INPUTS, 4), LayerTraffic(spec.BINS, 1, 2)], 1).bound == "multiply"


@given(NETWORKS, st.sampled_from(spec.CODE_BITS), st.data())
def test_more_frames_cost_more_clocks_and_fewer_bytes_each(hidden, bits, data):
    most = largest_block([(layer.outputs, layer.inputs) for layer in block(hidden).layers])
    few, many = sorted(data.draw(st.tuples(*[st.integers(1, most)] * 2)))
    less, more = (block(hidden, bits, frames) for frames in (few, many))
    assert less.beats == more.beats
    assert (less.cycles < more.cycles) == (few < many)
    assert less.code_bytes(1) * few == pytest.approx(more.code_bytes(1) * many)
    for each in (less, more):
        macs = [loop for loop in each.loops if loop.label == "MAC"]
        assert all(loop.iterations >= loop.beats for loop in macs)  # a beat a clock at most


@given(NETWORKS)
def test_8_bits_need_twice_the_beats(hidden):
    """But for the last step of a row, of which 8 bits may need only half, and the LUTs."""
    narrow, wide = block(hidden), block(hidden, bits=8)
    rows = sum(layer.outputs for layer in narrow.layers)
    headers = 4 * len(narrow.layers)
    codes = [
        sum(loop.beats for loop in each.loops if loop.label == "MAC") for each in (narrow, wide)
    ]
    assert 2 * codes[0] - rows <= codes[1] <= 2 * codes[0]
    assert narrow.beats - codes[0] == wide.beats - codes[1] + headers


@given(NETWORKS)
def test_the_largest_block_fits_and_no_more(hidden):
    shapes = [(layer.outputs, layer.inputs) for layer in block(hidden).layers]
    most = largest_block(shapes)
    words = [-(-out // 16) + -(-n // 16) for out, n in shapes]

    def fits(frames):
        return all(each * -(-frames // 8) <= 512 for each in words)

    assert 8 <= most <= 32
    assert fits(most)
    assert most == 32 or not fits(most + 1)
    block(hidden, frames=most)
    for frames in (0, most + 1):
        with pytest.raises(ValueError, match=f"{frames} frames.* 1 to {most}"):
            block(hidden, frames=frames)


@pytest.mark.parametrize(
    ("hidden", "frames"), [((256,), 32), ((1024,), 24), ((2048,), 16), ((2048, 2048), 16)]
)
def test_the_largest_block_by_hand(hidden, frames):
    """65 + 64 words of inputs and outputs: three groups; 65 + 128, or 128 + 128: two."""
    shapes = [(layer.outputs, layer.inputs) for layer in block(hidden).layers]
    assert largest_block(shapes) == frames


@pytest.mark.parametrize("bits", spec.CODE_BITS)
def test_the_beats_are_those_of_the_stream(rng, bits):
    model = random_model(rng, (37, 9), scheme="u", bits=bits)
    assert Block(layers_of(model), 5).beats == len(code_stream.beats(model))


def test_the_report(rng):
    text = report(QuantizedModel.load("mlp"), Z2)
    lines = text.splitlines()
    assert "Pynq-Z2 (xc7z020clg400-1) at 100 MHz: model, not measured" in lines[0]
    assert max(map(len, lines)) <= 80
    assert lines[1] == "geometry of the kernels: 16x8"
    figures = {line[:26].strip(): line[26:].split() for line in lines[3:]}
    assert figures["frames a block"] == ["1", "32", "1", "32"]
    assert figures["beats of the code stream"] == ["18,764", "18,764", "37,204", "37,204"]
    assert figures["bound by"] == ["stream", "multiply", "stream", "multiply"]
    rate = 100e6 * 32 / Block(layers_of(QuantizedModel.load("mlp")), 32).cycles
    assert figures["frames a second"][1] == f"{rate:,.0f}"
    assert figures["times real time"][1] == f"{rate / 125:,.0f}"
    assert figures["codes, MB/s"][1] == f"{rate / 32 * 18_764 * 8 / 1e6:,.0f}"
    assert figures["spectra, MB/s"][1] == f"{rate * 2 * 1032 / 1e6:.1f}"
    assert figures["codes in real time, MB/s"][0] == f"{125 * 18_764 * 8 / 1e6:.1f}"


def test_the_report_has_a_clock_a_block_and_no_8_bits_twice(rng):
    model = random_model(rng, scheme="u", bits=8)
    lines = report(model, Z2, 50, 8).splitlines()
    assert "at 50 MHz" in lines[0]
    assert lines[3].split()[-2:] == ["1", "8"]
    assert "8-bit" not in lines[2]
    assert lines[7].split()[-1] == f"{Block(layers_of(model), 8).rate(50):,.0f}"
    assert report(model, Z2, frames=1).splitlines()[3].split()[-1] == "1"


def test_a_float_model_is_refused():
    with pytest.raises(ValueError, match="quantize it first"):
        report(FloatModel.load("mlp-float"), Z2)


# --- networks without spectra ---------------------------------------------------------------------
def test_rows_by_hand(rng):
    """12 inputs of 16 bits are 3 beats, 5 outputs of 32 bits 3; no context is loaded."""
    model = quantize(plain_network(rng, (12, 20, 5), (TANH, LINEAR)))
    assert rows_of(model) == RowTraffic(3, 3)
    codes, headers = 20 * 1 + 5 * 2, 1 + (2 + 4 + 5) + (1 + 4 + 2)  # wide biases: 4 a beat
    some = Block(layers_of(model), 9, rows_of(model))
    assert some.beats == codes + headers == len(code_stream.beats(model))
    rest = 1 + (2 + 16 + 5) + (1 + 16 + 2) + 11 * PIPELINE_DEPTH
    assert some.cycles == 9 * 3 + 2 * codes + 9 * 3 + rest


def test_wide_inputs_take_twice_the_beats(rng):
    rows = rows_of(quantize(plain_network(rng, (12, 5), (LINEAR,), "wide")))
    assert rows == RowTraffic(6, 3)
    assert rows.bytes == 72


def test_a_block_of_rows_too_large_is_refused(rng):
    model = quantize(plain_network(rng, (12, 5)))
    with pytest.raises(ValueError, match=r"a block has 33 rows; .* holds 1 to 32 rows"):
        Block(layers_of(model), 33, rows_of(model))


def test_the_report_of_rows(rng):
    """Nothing of speech, but the latency of one row and of a block, and bytes a row."""
    model = quantize(plain_network(rng, (12, 20, 5)))
    text = report(model, Z2)
    figures = {line[:26].strip(): line[26:].split() for line in text.splitlines()[3:]}
    one, most = (Block(layers_of(model), n, rows_of(model)) for n in (1, 32))
    assert figures["rows a block"] == ["1", "32", "1", "32"]
    assert figures["clocks a block"][:2] == [f"{one.cycles:,}", f"{most.cycles:,}"]
    assert figures["microseconds a block"][0] == f"{one.cycles / 100:.1f}"
    assert figures["rows a second"][1] == f"{100e6 * 32 / most.cycles:,.0f}"
    assert figures["bytes a row"][:2] == [
        f"{8 * one.beats + 48:,}",
        f"{8 * most.beats / 32 + 48:.1f}",
    ]
    assert not any(word in text for word in ("frame", "spectra", "real time"))


# --- other geometries -----------------------------------------------------------------------------
def of(name, text, frames=1):
    return Block(layers_of(QuantizedModel.load(name), geometry=Geometry.parse(text)), frames)


def test_fewer_frame_lanes_take_more_groups():
    """Of 2 lanes: 8 frames are 4 groups."""
    assert of("mlp", "16x2-block8", 8).cycles == of("mlp", "16x8", 32).cycles - 2 * 24 * 129
    with pytest.raises(ValueError, match="holds 1 to 8 frames"):
        of("mlp", "16x2-block8", 9)


def test_two_ports_by_hand():
    """Rows of 33 and 8 steps of 32 codes; each step is a beat of either port."""
    codes = 256 * 33 + 129 * 8
    headers = 1 + (1 + 4 + 32) + (1 + 4 + 17)  # beside each is an unused beat of the second port
    live = of("mlp", "32x8")
    assert live.beats == codes + headers
    assert live.code_bytes(1) == stream_bytes(live.layers) == 16 * live.beats
    assert of("mlp", "16x8").cycles - live.cycles == 256 * 32 + 129 * 8
    assert live.bound == "stream"


@pytest.mark.parametrize("text", ["16x1", "32x4", "16x16-by-code", "32x16-by-code"])
@pytest.mark.parametrize("bits", spec.CODE_BITS)
def test_the_bytes_are_those_of_the_geometrys_stream(rng, text, bits):
    geometry = Geometry.parse(text)
    model = random_model(rng, (37, 9), scheme="u", bits=bits)
    layers = layers_of(model, geometry=geometry)
    stream = code_stream.beats(model, geometry)
    assert stream_bytes(layers) == stream.nbytes
    assert Block(layers, 1).beats * geometry.ports == len(stream)


@pytest.mark.parametrize("text", ["16x4", "32x2"])
def test_the_bytes_of_recurrent_layers(rng, text):
    geometry = Geometry.parse(text)
    model = quantize(plain_network(rng, (7, 51, 17, 5), (LINEAR, RECURRENT, RELU)))
    layers = layers_of(model, geometry=geometry)
    assert stream_bytes(layers) == code_stream.beats(model, geometry).nbytes


def test_a_geometry_that_cannot_run_a_model_is_refused():
    with pytest.raises(ValueError, match="layer of 1288 inputs and outputs"):
        report(QuantizedModel.load("mlp"), Z2, geometry=Geometry(depth=64))


def test_by_code_by_hand():
    """Tiles of 16 rows: 16 take 1032 inputs, 9 take 256, each for two groups of 16 frames."""
    some = of("mlp", "16x16-by-code", 32)
    assert some.beats == 16 * 1032 + 9 * 256 + 1 + (1 + 4 + 32) + (1 + 4 + 17)
    rest = 1 + 2 * (1 + 16) + 32 + 17 + 11 * PIPELINE_DEPTH
    layers = 2 * (16 * 1032 + 9 * 256) + 2 * (129 + 16)  # and a drain after each layer
    assert some.cycles == 39 * 129 + layers + 32 * 129 + rest
    assert (of("mlp", "16x16-by-code").bound, some.bound) == ("stream", "multiply")


def test_small_layers_by_code_take_the_clocks_of_a_drain(rng):
    """5 inputs are less than the 128 clocks in which a tile is drained, and 1 until it may be."""
    model = quantize(plain_network(rng, (5, 40, 5), (RELU, LINEAR)))
    layers = layers_of(model, geometry=Geometry.parse("16x16-by-code"))
    first, last = (
        loop.iterations
        for loop in Block(layers, 20, rows_of(model)).loops
        if loop.label == "BY_CODE"
    )
    assert (first, last) == (3 * 2 * 129 + 145, 2 * 129 + 145)
    assert Block(layers, 1, rows_of(model)).bound == "multiply"


def test_memories_by_code_take_two_units_a_clock():
    def clocks(text):
        loops = of("default", text, 32).loops
        return [loop.iterations for loop in loops if loop.label == "REMEMBER"]

    assert clocks("16x16") == 3 * [32 * 160]
    assert clocks("16x16-by-code") == 3 * [32 * 80]


@pytest.mark.parametrize("name", ["default", "mlp"])
def test_a_large_zynq_runs_a_frame_in_1800_clocks(name):
    """Of blocks of 32, by code, with at most 90% of its DSPs."""
    geometry = Geometry.parse("16x16-by-code")
    assert of(name, str(geometry), 32).cycles / 32 <= 1800
    assert resources.whole(geometry).dsps <= 0.9 * Z2.dsps
