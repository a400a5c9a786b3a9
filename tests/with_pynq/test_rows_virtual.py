"""Networks without spectra on a virtual board: the emulation's bits, refusals, the board's time."""

from __future__ import annotations

import numpy as np
import pytest
from client import BOARDS, Client

from networks import random_model, random_spectrum
from nibblestream import quantize, spec
from nibblestream.backends import connect as connect_backend
from nibblestream.backends import virtual
from nibblestream.backends.driver.board import Board
from nibblestream.backends.emu import Emulation
from nibblestream.hardware import cycles
from nibblestream.hardware.traffic import Traffic, layers_of, rows_of, stream_bytes
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR
from nibblestream.network.recurrent import RECURRENT
from nibblestream.speech.pipeline import Pipeline
from plain_networks import ACTIVATIONS, REACHES, plain_network, random_plain, random_rows

FAST = virtual.Timing(
    access=1e-9, sync=1e-9, latency=0, read_share=1, write_share=1, bandwidth=1e12
)


def cut(rng, model, rows):
    """Blocks of random sizes."""
    while len(rows):
        size = int(rng.integers(1, model.block + 1))
        yield rows[:size]
        rows = rows[size:]


# --- the emulation's bits -------------------------------------------------------------------------
@pytest.mark.parametrize("number", range(20))
def test_random_networks_equal_the_emulation(drive, rng, number):
    rng = np.random.default_rng([number, *rng.integers(2**32, size=2)])
    model = random_plain(rng)
    rows = random_rows(rng, model, 70)
    device, board = drive(model=model, name=BOARDS[number % len(BOARDS)])
    blocks = [*cut(rng, model, rows)]
    made = [board.run(block, i % 2, i == 0) for i, block in enumerate(blocks)]
    np.testing.assert_array_equal(np.concatenate(made), Emulation(model).process(rows))
    assert device.violations == []
    beats = rows_of(model)
    assert (
        board.counted.dma
        == board.counted.hardware
        == {
            "codes read": len(blocks) * stream_bytes(layers_of(model)),
            "spectra read": 70 * 8 * beats.beats_in,
            "spectra written": 70 * 8 * beats.beats_out,
        }
    )


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("reach", REACHES)
def test_every_activation_between_layers_and_at_the_end(drive, rng, activation, reach):
    model = quantize(plain_network(rng, (21, 17, 9), (activation, activation), reach))
    rows = random_rows(rng, model, 32)
    made = drive(model=model)[1].run(rows, 0, True)
    np.testing.assert_array_equal(made, Emulation(model).process(rows))
    assert len(np.unique(made)) > 1


@pytest.mark.parametrize("widths", [(1, 1), (2048, 1), (1, 2048), (2048, 2048), (3, 2, 1, 2, 3)])
def test_the_narrowest_and_the_widest(drive, rng, widths):
    model = quantize(plain_network(rng, widths), "u", 2)
    rows = random_rows(rng, model, model.block)
    device, board = drive(model=model)
    made = board.run(rows, 0, True)
    np.testing.assert_array_equal(made, Emulation(model).process(rows))
    assert device.violations == []


def test_the_backend_takes_batches_of_any_size(rng):
    model = random_plain(rng)
    rows, emulation = random_rows(rng, model, 100), Emulation(model)
    backend = connect_backend("virtual", model)
    for size in (0, 1, 100, 33):
        found = backend.process(rows[:size])
        np.testing.assert_array_equal(found, emulation.process(rows[:size]))
        assert found.dtype == np.int32
    text = str(Traffic(layers_of(model), 134, 7, backend.counted(), rows_of(model)))
    assert "134 rows in 7 passes" in text
    assert "rows written" in text
    assert "spectra" not in text
    backend.close()


def test_a_block_takes_as_few_registers_as_speech(drive, rng):
    device, board = drive(model=random_plain(rng))
    rows = np.zeros((3, board._layout[0].shape[0]), np.int32)
    board.run(rows, 0, True)
    board.run(rows, 1, False)  # from now on, only the bank changes
    before = device.timeline.ledger()
    board.run(rows, 0, False)
    spent = device.timeline.ledger() - before
    # 3 starts, 6 writes and 6 reads of DMA registers with moved(), 3 counters, 3 digests; polls
    assert spent.accesses <= 25
    assert spent.syncs == 3


# --- speech and rows on one board -----------------------------------------------------------------
def test_speech_and_rows_take_turns_on_one_overlay(switch_on, rng):
    """The registers go back to 0, and rows leave the state of speech alone."""
    speech, plain = random_model(rng), quantize(plain_network(rng, (30, 20, 28)))
    spectrum, rows = random_spectrum(rng, 12), random_rows(rng, plain, 5)
    expected = np.split(Pipeline(speech).process(spectrum), 3)
    client = Client(switch_on(), speech)
    for part, wanted in zip(np.split(spectrum, 3), expected, strict=True):
        client.load(speech)
        np.testing.assert_array_equal(client.block(part), wanted)
        bank = client.bank
        client.load(plain)
        np.testing.assert_array_equal(client.block(rows), Emulation(plain).process(rows))
        client.bank = bank
    assert client.device.violations == []


def test_drivers_for_speech_and_rows_follow_each_other(switch_on, rng):
    device = switch_on()
    for model in (random_plain(rng), random_model(rng), random_plain(rng)):
        make = random_rows if model.front.raw else lambda rng, model, n: random_spectrum(rng, n)
        given = make(rng, model, 4)
        board = Board(model, device.bitstream)
        np.testing.assert_array_equal(board.run(given, 0, True), Emulation(model).process(given))
        board.close()
    assert device.memory.mem_used == 0
    assert device.violations == []


# --- what lut_mac refuses -------------------------------------------------------------------------
def refused(client, sent, received):
    """Whether a block with other registers ends in zeros, with all that was sent taken."""
    client.start()
    client.spectra.recvchannel.transfer(client.clean, nbytes=8 * received)
    client.spectra.sendchannel.transfer(client.noisy, nbytes=8 * sent)
    client.code_dma.sendchannel.transfer(client.codes)
    client.wait()
    assert client.spectra.recvchannel.transferred == 8 * received
    zeros = not np.array(client.clean).any()
    return zeros and int(client.kernel("lut_mac").digest) == 0


@pytest.mark.parametrize(("more_in", "more_out"), [(1, 0), (0, 1), (-1, 0), (0, -1), (2, 3)])
def test_beats_that_are_not_the_models_are_refused(switch_on, rng, more_in, more_out):
    model = quantize(plain_network(rng, (12, 7, 5)))
    client = Client(switch_on(), model)
    rows = random_rows(rng, model, 4)
    client.noisy[:4] = model.rows[0].pack(rows).reshape(4, -1)
    client.configure(4)
    sent, received = (a + b for a, b in zip(client.beats(4), (more_in, more_out), strict=True))
    client.configure_rows(sent, received)
    assert refused(client, sent, received)
    np.testing.assert_array_equal(client.block(rows), Emulation(model).process(rows))


def test_a_model_of_the_other_kind_is_refused(switch_on, rng, spectrum, expected, model):
    plain = random_plain(rng)
    client = Client(switch_on(), plain)
    codes = client.codes
    client.load(model)
    client.codes, right = codes, client.codes  # the stream of rows, the registers of spectra
    client.noisy[:3] = spectrum
    client.configure(3)
    assert refused(client, 3 * spec.BINS, 3 * spec.BINS)
    client.codes = right  # the stream of spectra, the registers of rows
    client.configure(3)
    client.configure_rows(40, 50)
    assert refused(client, 40, 50)
    client.bank, client.fresh = 0, 1
    np.testing.assert_array_equal(client.block(spectrum), expected)


def test_rows_in_and_spectra_out_hang_until_the_reset(switch_on, rng):
    plain = random_plain(rng)
    client, rows = Client(switch_on(), plain), random_rows(rng, plain, 2)
    client.configure(2)
    client.kernel("lut_mac").raw_out = 0
    client.start()
    client.transfer(2)
    client.later()
    assert client.status("dma_codes", "mm2s") & 2
    assert client.overlay.lut_mac.read(0) & 7 == 1
    assert client.status() == 0
    client.recover()
    np.testing.assert_array_equal(client.block(rows), Emulation(plain).process(rows))


@pytest.mark.parametrize("frames", [0, 33, 255])
def test_no_block_moves_no_row(switch_on, rng, frames):
    client = Client(switch_on(), random_plain(rng))
    client.configure(frames)
    client.configure_rows(9, 9)
    client.start()
    client.later()
    for name in ("cordic_vectoring", "lut_mac", "cordic_rotation"):
        assert getattr(client.overlay, name).read(0) & 7 == 6


# --- digests and time -----------------------------------------------------------------------------
def test_the_digests_are_those_of_the_rows(switch_on, rng):
    model = random_plain(rng)
    client, rows = Client(switch_on(), model), random_rows(rng, model, 6)
    made = client.block(rows)
    layouts = zip(model.rows, (rows, made), strict=True)
    for name, (layout, values) in zip(("vectoring", "rotation"), layouts, strict=True):
        found = int(client.kernel(f"cordic_{name}").digest)
        assert found == code_stream.digest(layout.pack(values))


@pytest.mark.parametrize("rows", [1, 9, 32])
@pytest.mark.parametrize("bits", [3, 4, 8])
def test_a_block_takes_the_clocks_of_the_cycle_model(switch_on, rng, rows, bits):
    shape, some = (40, 200, 30), (ACTIVATIONS[4], ACTIVATIONS[5])
    model = quantize(plain_network(rng, shape, some), "u" if bits == 8 else "rs-vbs", bits)
    client = Client(switch_on(timing=FAST), model)
    before = client.device.timeline.ledger()
    client.block(random_rows(rng, model, rows))
    spent = client.device.timeline.ledger() - before
    block = cycles.Block(layers_of(model), rows, rows_of(model))
    assert spent.kernel * client.device.clocks.hertz() == pytest.approx(block.cycles, rel=1e-3)
    assert spent.dma < 0.1 * spent.kernel


@pytest.mark.parametrize("rows", [1, 32])
def test_recurrent_layers_take_the_clocks_of_the_cycle_model(switch_on, rng, rows):
    """Their codes are read once a block, and each row waits for the one before."""
    cells = (LINEAR, RECURRENT, LINEAR, RECURRENT)
    model = quantize(plain_network(rng, (40, 150, 50, 33, 11), cells), "kmeans", 4)
    client = Client(switch_on(timing=FAST), model)
    before = client.device.timeline.ledger()
    client.block(random_rows(rng, model, rows))
    spent = client.device.timeline.ledger() - before
    block = cycles.Block(layers_of(model), rows, rows_of(model))
    assert spent.kernel * client.device.clocks.hertz() == pytest.approx(block.cycles, rel=1e-3)
    recurred = [loop for loop in block.loops if loop.label == "RECUR"]
    assert [loop.iterations for loop in recurred] == [150 * 4] * rows + [33] * rows
    assert sum(loop.beats for loop in block.loops if loop.label == "KEEP") == 150 * 4 + 33


def test_recurrent_codes_are_booked_once_a_block(drive, rng):
    """By the layout, the DMA and the monitor; a block that is repeated gives the same bits."""
    model = quantize(plain_network(rng, (9, 60, 20, 5), (LINEAR, RECURRENT, LINEAR)), "kmeans", 4)
    rows = random_rows(rng, model, 64)
    _, board = drive(model=model)
    made = [board.run(rows[:32], 0, True)]
    made += [board.run(rows[32:], 1, False) for _ in range(2)]
    expected = np.split(Emulation(model).process(rows), 2)
    for found, wanted in zip(made, [*expected, expected[1]], strict=True):
        np.testing.assert_array_equal(found, wanted)
    codes = [layer.padded for layer in layers_of(model)]
    assert codes[1] == 8 * 60 * 2
    whole = 3 * (8 + sum(codes) + sum(layer.tables for layer in layers_of(model)))
    assert board.counted.dma["codes read"] == board.counted.hardware["codes read"] == whole


def test_a_refused_block_takes_the_clocks_of_its_beats(switch_on, rng):
    model = quantize(plain_network(rng, (40, 200, 30)))
    client = Client(switch_on(timing=FAST), model)
    client.configure(8)
    client.configure_rows(801, 1200)
    before = client.device.timeline.ledger()
    sent = client._allocate((2000,), "u8")
    client.noisy, client.clean = sent, client._allocate((2000,), "u8")
    assert refused(client, 801, 1200)
    spent = client.device.timeline.ledger() - before
    clocks = 1 + 801 + len(client.codes) + 1200 + 4 * cycles.PIPELINE_DEPTH
    assert spent.kernel * client.device.clocks.hertz() == pytest.approx(clocks, rel=1e-3)
