"""The golden vectors: their layout, what they cover, and that they are the pipeline's own."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from nibblestream import spec
from nibblestream.fixed import round_shift
from nibblestream.geometry import DEFAULT
from nibblestream.golden import lut_mac, plain, polar
from nibblestream.golden.__main__ import KERNELS, main
from nibblestream.golden.block import Block, beats, write
from nibblestream.network import activation, code_stream
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.memory import MEMORY
from nibblestream.speech.pipeline import Pipeline

pytestmark = pytest.mark.numeric


def signed(values: np.ndarray, field: spec.Field) -> np.ndarray:
    """A field of beats as two's complement."""
    shift = np.int64(64 - field.bits)
    return values.view(np.int64) << np.int64(64 - field.bits - field.low) >> shift


def test_fields_lie_where_the_layouts_say():
    spectrum = beats(spec.SPECTRUM_BEAT, re=np.array([-1, 2]), im=np.array([3, -(2**23)]))
    assert [hex(word) for word in spectrum.tolist()] == ["0x3ffffffff", "0xff80000000000002"]
    found = beats(spec.POLAR_BEAT, magnitude=np.array([2**24 - 1]), phase=np.array([-1]))
    assert hex(found[0]) == "0xffff00ffffff"
    found = beats(spec.NETWORK_BEAT, value=np.array([[5]]), is_gain=np.array([[True]]))
    assert found.tolist() == [1 << 32 | 5]


def test_a_file_is_what_its_docstring_says(tmp_path):
    streams = [np.arange(n, dtype=np.uint64) + np.uint64(100) for n in (2, 0, 1)]
    block = Block((1, 2), tuple(streams[:2]), tuple(streams[2:]), (7, 8))
    write(tmp_path / "a.bin", 5, [block, block])
    content = (tmp_path / "a.bin").read_bytes()
    assert content[:8] == b"NIBLGOLD"
    each = [1, 2, 2, 100, 101, 0, 1, 100, 7, 8]
    assert np.frombuffer(content, "<u8").tolist()[1:] == [2, 5, 2, *each, *each]


def test_two_runs_give_the_same_small_files(tmp_path):
    for name in ("a", "b"):
        run = CliRunner().invoke(main, [str(tmp_path / "new" / name)], catch_exceptions=False)
        assert run.exit_code == 0
    a, b = (sorted((tmp_path / "new" / name).iterdir()) for name in ("a", "b"))
    assert [path.stem for path in a] == sorted(KERNELS)
    assert [path.read_bytes() for path in a] == [path.read_bytes() for path in b]
    assert sum(path.stat().st_size for path in a) < 3_500_000


def test_a_file_in_the_folders_place_is_told(tmp_path):
    (tmp_path / "file").touch()
    run = CliRunner().invoke(main, [str(tmp_path / "file")])
    assert run.exit_code == 2
    assert "is a file" in run.output


def test_vectoring_meets_the_edges(rng):
    blocks = [block for block in polar.vectoring(rng, DEFAULT) if block.arguments[1] == 0]
    assert sorted(block.arguments[0] for block in blocks) == [0, 1, 2, 7, 8, 9, 31, 32]
    spectrum = np.concatenate([block.inputs[0] for block in blocks])
    layout = spec.SPECTRUM_BEAT
    parts = set(
        zip(*(signed(spectrum, layout[name]).tolist() for name in ("re", "im")), strict=True)
    )
    low, high = spec.SPECTRUM.low, spec.SPECTRUM.high
    assert {(re, im) for re in (low, 0, high) for im in (low, -1, 0, high)} <= parts
    magnitude = np.concatenate([block.outputs[0] for block in blocks])
    assert magnitude.max() == 11_863_284  # sqrt(2) * 2**23, rounded up


def test_rotation_meets_every_phase(rng):
    blocks = [block for block in polar.rotation(rng, DEFAULT) if block.arguments[1] == 0]
    assert {block.arguments[0] for block in blocks} >= {0, 1, 2, 7, 8, 9, 31, 32}
    polars = np.concatenate([block.inputs[1] for block in blocks])
    assert len(np.unique(polars >> np.uint64(32))) == 1 << 16
    network = np.concatenate([block.inputs[0] for block in blocks])
    gains = network[network >> np.uint64(32) == 1] & np.uint64(0xFFFFFFFF)
    assert (gains.min(), gains.max()) == (0, 1 << 15)
    assert len(np.unique(gains)) > 1 << 14
    assert network[network >> np.uint64(32) == 0].max() == 2**24 - 1


@pytest.mark.parametrize(
    ("features", "head"),
    [("log2", "gain"), ("magnitude", "gain"), ("log2", "magnitude"), ("magnitude", "magnitude")],
)
def test_the_network_is_the_pipelines(rng, features, head):
    """In banks turn by turn, what `lut_mac` sends is what the pipeline makes the output of."""
    _sent_is_the_pipelines(lut_mac.random_model(rng, (6,), features, head), rng)


def test_the_network_with_memory_is_the_pipelines(rng):
    _sent_is_the_pipelines(lut_mac.remembering(rng), rng)


def _sent_is_the_pipelines(model, rng):
    head = model.front.head
    session, pipeline = lut_mac.Session(model, rng, DEFAULT), Pipeline(model)
    for i, frames in enumerate((1, 9, 3, 32)):
        block = session.block(frames, bank=i % 2, reset=int(i == 0))
        noisy = block.inputs[0].astype(np.int32).reshape(frames, spec.BINS)
        x = pipeline._network.process(pipeline._context.stacked(pipeline._features(noisy)))
        sent = (block.outputs[0] & np.uint64(0xFFFFFF)).astype(np.int64).reshape(noisy.shape)
        is_gain = block.outputs[0] >> np.uint64(32)
        assert (is_gain == (head == "gain")).all()
        output = round_shift(noisy * sent, spec.GAIN.frac) if head == "gain" else sent
        np.testing.assert_array_equal(output, pipeline._head(x, noisy))
        assert len(np.unique(sent)) > 5  # something to get wrong


def test_rows_pass_the_spectral_kernels():
    for kernel, streams in ((polar.vectoring, 0), (polar.rotation, 0)):
        rows = [b for b in kernel(np.random.default_rng(0), DEFAULT) if b.arguments[1] != 0]
        assert len(rows) == 4
        for block in rows:
            assert block.arguments[1] == len(block.inputs[streams])
            assert block.inputs[0].tobytes() == block.outputs[0].tobytes()
            assert not any(len(stream) for stream in (*block.inputs[1:], *block.outputs[1:]))


def test_plain_networks_of_every_kind_are_there(rng):
    models = [plain.random_model(rng, *kind) for kind in plain.KINDS]
    layers = [layer for model in models for layer in model.layers]
    kinds = {layer.activation.kind for layer in layers}
    assert kinds == {*activation.KINDS, "memory", "gru"}
    assert {layer.bits for layer in layers} == {2, 3, 4, 8}
    assert {model.rows[0].bits for model in models} == {16, 32}
    assert max(layer.exponent for layer in layers) > 0


def test_rows_are_refused_in_every_way(rng):
    first, *refused, last = plain.refusals(
        plain.Source(plain.random_model(rng, *plain.KINDS[2]), rng, DEFAULT)
    )
    assert first.outputs[0].any()
    assert last.words().tobytes() == first.words().tobytes()
    assert len({block.words().tobytes() for block in refused}) == len(refused) == 11
    for block in refused:
        assert not block.outputs[0].any()
        assert block.registers == (0, DEFAULT.identity)
        assert block.words().tobytes() != first.words().tobytes()


def test_recurrent_layers_are_refused_in_every_way(rng):
    first, *refused, last = plain.recurrent_refusals(rng, DEFAULT)
    assert first.outputs[0].any()
    assert last.outputs[0].any()
    assert len({block.words().tobytes() for block in refused}) == len(refused) == 8
    for block in refused:
        assert not block.outputs[0].any()
        assert block.registers == (0, DEFAULT.identity)


def test_a_bank_is_kept_until_it_is_written(rng):
    session = lut_mac.Session(lut_mac.random_model(rng, (6,)), rng, DEFAULT)
    level = session._magnitudes(4)
    session._magnitudes = lambda frames: level[:frames]

    def sent(bank: int, reset: int = 0) -> bytes:
        return session.block(4, bank, reset).outputs[0].tobytes()

    first = sent(0, reset=1)
    second = sent(1)
    assert second != first
    assert sent(1) == second
    third = sent(0)
    assert third not in (first, second)
    assert sent(1) != second  # its state is now the one after the third block
    assert sent(0, reset=1) == first


def test_damaged_streams_differ_and_their_blocks_are_zeros(rng):
    session = lut_mac.Session(lut_mac.random_model(rng, (5,)), rng, DEFAULT)
    streams = [stream.tobytes() for stream in lut_mac.damaged(session.model, DEFAULT)]
    assert len({session.stream.tobytes(), *streams}) == len(streams) + 1
    first, *refused, last = lut_mac.refusals(session)
    assert len(refused) == len(streams)
    for block, stream in zip(refused, streams, strict=True):
        assert block.inputs[1].tobytes() == stream
        assert block.arguments[1] == len(block.inputs[1])
        assert not block.outputs[0].any()
        assert block.registers == (0, DEFAULT.identity)
    for block in (first, last):
        assert block.outputs[0].any()
        assert block.registers[0] == code_stream.digest(session.stream)


def test_a_digest_of_zero_is_there(rng):
    model = lut_mac.random_model(rng, (5,))
    stream = lut_mac.without_digest(model, DEFAULT)
    assert code_stream.digest(stream) == 1
    assert (stream != code_stream.beats(model)).sum() == 1


def test_networks_of_every_kind_are_there(rng):
    models = list(lut_mac.models(rng))
    assert {len(model.layers) for model in models} >= {1, 2, 3, 4}
    assert {layer.bits for model in models for layer in model.layers} == {2, 3, 4, 8}
    assert {model.front.features for model in models} == {"log2", "magnitude"}
    assert {model.front.head for model in models} == {"gain", "magnitude"}
    assert {layer.activation for model in models for layer in model.layers} == {
        RELU,
        LINEAR,
        MEMORY,
    }
    assert {model.front.context for model in models} == {8, 1}
