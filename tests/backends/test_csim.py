"""The kernels' C++ against the emulation: the same bits, always."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiled import assert_same, copy_of_sources, in_blocks
from networks import random_model, random_spectrum, remembering
from nibblestream import Enhancer, QuantizedModel, quantize, spec
from nibblestream.backends.csim import Board, CSimulation
from nibblestream.evaluate.mixtures import mixtures
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.speech.pipeline import Pipeline

pytestmark = pytest.mark.usefixtures("kernel_cache")
WIDTHS = st.lists(st.integers(1, 70), max_size=3)
KINDS = st.sampled_from(["log2", "magnitude"]), st.sampled_from(["gain", "magnitude"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(st.integers(0, 2**32 - 1), WIDTHS, *KINDS, st.sampled_from([2, 3, 4, 8]), st.data())
def test_random_models_of_every_kind(seed, hidden, features, head, bits, data):
    """Depth 1 to 4, odd widths, all code widths, with and without ReLU, any cut into blocks."""
    rng = np.random.default_rng(seed)
    kind = {"features": features, "head": head, "bits": bits}
    model = random_model(rng, tuple(hidden), scheme="u" if bits == 8 else "rs-vbs", **kind)
    count = len(model.layers)
    relu = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    layers = [
        replace(layer, activation=RELU if on else LINEAR)
        for layer, on in zip(model.layers, relu, strict=True)
    ]
    frames = data.draw(st.integers(1, 50))
    cuts = sorted(data.draw(st.lists(st.integers(0, frames), max_size=4)))
    assert_same(replace(model, layers=tuple(layers)), random_spectrum(rng, frames), cuts)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    *KINDS,
    st.sampled_from([1, 8]),
    st.data(),
)
def test_speech_with_memories(seed, units, features, head, context, data):
    """Frames by themselves and in stacks, any cut into blocks."""
    rng = np.random.default_rng(seed)
    model = remembering(rng, tuple(units), features=features, head=head, context=context)
    frames = data.draw(st.integers(1, 50))
    cuts = sorted(data.draw(st.lists(st.integers(0, frames), max_size=4)))
    assert_same(quantize(model), random_spectrum(rng, frames), cuts)


@pytest.mark.slow
def test_memories_of_ten_thousand_frames(rng):
    """80 s, as memories' states wander: cut at random places, and once in blocks of any size."""
    model = quantize(remembering(rng, (48, 48)), bits=4)
    spectrum = random_spectrum(rng, 10_000)
    assert_same(model, spectrum, np.sort(rng.integers(0, 10_000, 500)))


@pytest.mark.parametrize("k", range(11))
def test_every_virtual_shift(rng, k):
    assert_same(random_model(rng, (9,), scheme="u-vbs", bits=3, k=k, m=5), random_spectrum(rng, 9))


@pytest.mark.parametrize("frames", [*range(1, 33), 33, 64, 65])
def test_every_size_of_a_block(rng, frames):
    assert_same(random_model(rng, (18,)), random_spectrum(rng, frames))


@pytest.mark.parametrize("bits", [4, 8])
def test_the_widest_layers(rng, bits):
    """2048 to 2048 leaves room for 16 frames a block."""
    model = random_model(rng, (2048, 2048), scheme="u", bits=bits)
    assert model.block == 16
    assert_same(model, random_spectrum(rng, 17))


@pytest.mark.parametrize("value", [spec.SPECTRUM.low, spec.SPECTRUM.high, 0, 1, -1])
def test_extremes_everywhere(rng, value):
    spectrum = np.full((10, spec.BINS, 2), value, np.int32)
    for name in ("mlp", "paper"):
        assert_same(QuantizedModel.load(name), spectrum)


def test_recorded_speech(shared_data):
    clips = mixtures(shared_data / "speech" / "test", shared_data / "noise" / "test", count=6)
    for name in ("mlp", "paper"):
        with Enhancer(name, "emu") as emulated, Enhancer(name, "csim") as compiled:
            for clip in clips:
                noisy = clip.realise()[1]
                ours, theirs = compiled.enhance(noisy, 8000), emulated.enhance(noisy, 8000)
                np.testing.assert_array_equal(ours, theirs)


def test_boards_side_by_side_share_nothing(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 24)
    first, second = CSimulation(model), CSimulation(model)
    parts = []
    for frame in np.split(spectrum, 24):
        parts.append(first.process(frame))
        second.process(frame[::-1] // 2)
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))


def test_reset_forgets(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 12)
    simulation = CSimulation(model)
    before = simulation.process(spectrum)
    assert (simulation.process(spectrum) != before).any()
    simulation.reset()
    np.testing.assert_array_equal(simulation.process(spectrum), before)


# --- the board itself ----------------------------------------------------------------------


def run(board, model, spectrum, bank=0, reset=True, codes=None, **registers):
    beats = np.ascontiguousarray(spectrum).view(np.uint64).reshape(-1)
    codes = code_stream.beats(model) if codes is None else codes
    given = {"frames": len(spectrum), "beats": len(codes), **registers}
    return board.run(beats, codes, bank=bank, reset=reset, **given)


def test_a_block_can_be_repeated(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 20)
    board = Board()
    run(board, model, spectrum[:9])
    once, _ = run(board, model, spectrum[9:], bank=1, reset=False)
    again, _ = run(board, model, spectrum[9:], bank=1, reset=False)
    np.testing.assert_array_equal(once, again)
    later, _ = run(board, model, spectrum[9:], bank=0, reset=False)
    assert (later != once).any()


def damaged(beats, at, bits):
    found = beats.copy()
    found[at] ^= np.uint64(bits)
    return found


REFUSED = {
    "magic": lambda beats: damaged(beats, 0, 1),
    "version": lambda beats: damaged(beats, 0, 1 << 33),
    "no layers": lambda beats: damaged(beats, 0, 2 << 40),
    "another layer": lambda beats: damaged(beats, 0, 1 << 40),
    "inputs": lambda beats: damaged(beats, 1, 1),
    "outputs": lambda beats: damaged(beats, 1, 1 << 23),
    "no outputs": lambda beats: damaged(beats, 1, 16 << 12),
    "more inputs than there can be": lambda beats: damaged(beats, 1, int(beats[1]) & 4095 ^ 4095),
    "more outputs than there can be": lambda beats: damaged(
        beats, 1, (int(beats[1]) >> 12 & 4095 ^ 4095) << 12
    ),
    "code bits": lambda beats: damaged(beats, 1, 1 << 24),
    "output bits": lambda beats: damaged(beats, 1, 1 << 45),
    "a beat less": lambda beats: beats[:-1],
    "a beat more": lambda beats: np.append(beats, beats[-1:]),
    "one beat": lambda beats: beats[:1],
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_stream_that_cannot_run_gives_zeros_and_no_digest(rng, how):
    model, spectrum = random_model(rng, (16,)), random_spectrum(rng, 5)
    board = Board()
    enhanced, digests = run(board, model, spectrum, codes=REFUSED[how](code_stream.beats(model)))
    assert digests.codes == 0
    assert not enhanced.any()
    enhanced, digests = run(board, model, spectrum)  # and the board is as good as before
    assert digests.codes == code_stream.digest(code_stream.beats(model))
    expected = Pipeline(model).process(spectrum)
    np.testing.assert_array_equal(enhanced.view(np.int32).reshape(expected.shape), expected)


def test_a_flipped_bit_shows_in_the_digest(rng):
    model, spectrum = random_model(rng, (16,)), random_spectrum(rng, 5)
    codes = code_stream.beats(model)
    for at in (6, 100, len(codes) - 1):
        changed = damaged(codes, at, 1 << 17)
        _, digests = run(Board(), model, spectrum, codes=changed)
        assert digests.codes == code_stream.digest(changed) != code_stream.digest(codes)


def test_digests_of_spectra_are_those_of_the_memory(rng):
    spectrum = random_spectrum(rng, 5)
    enhanced, digests = run(Board(), random_model(rng, (16,)), spectrum)
    assert digests.enhanced == code_stream.digest(enhanced)
    assert digests.spectrum == code_stream.digest(spectrum.view(np.uint64).reshape(-1))


@pytest.mark.parametrize(("raw_in", "raw_out"), [(4, 0), (0, 4)])
def test_rows_and_spectra_at_once_are_refused(rng, raw_in, raw_out):
    model, spectrum = random_model(rng), random_spectrum(rng, 4)
    with pytest.raises(ValueError, match=f"raw_in is {raw_in} and raw_out {raw_out}; expected"):
        run(Board(), model, spectrum, raw_in=raw_in, raw_out=raw_out)


def test_a_deadlock_names_the_streams(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 4)
    codes = code_stream.beats(model)
    with pytest.raises(RuntimeError, match=r"deadlock:.* lut_mac waits for codes .*empty"):
        run(Board(), model, spectrum, codes=codes[:-1], beats=len(codes))
    with pytest.raises(RuntimeError, match=r"cordic_vectoring waits for spectrum .*empty"):
        run(Board(), model, spectrum, frames=5)
    with pytest.raises(RuntimeError, match=r"\(write\) waits for enhanced"):
        run(Board(), model, np.zeros((33, spec.BINS, 2), np.int32))  # more than a block may have
    with pytest.raises(RuntimeError, match=r"DMA 1 waits for codes .*full"):
        run(Board(), model, spectrum, beats=100)


def test_a_short_polar_fifo_is_found(rng, tmp_path, monkeypatch):
    """lut_mac takes a whole block before it gives anything: the FIFO beside it has to hold it."""
    tree = copy_of_sources(tmp_path, monkeypatch)
    monkeypatch.setenv("CXXFLAGS", "-O1 -DNIBBLESTREAM_CHECKED")
    board = tree / "sim" / "board.cpp"
    board.write_text(board.read_text().replace('rotation)", spec::POLAR_DEPTH', 'rotation)", 4125'))
    model = random_model(rng)
    assert_same(model, random_spectrum(rng, 31))
    with pytest.raises(RuntimeError, match=r"cordic_vectoring waits for polar .*full"):
        in_blocks(model, random_spectrum(rng, 32))
