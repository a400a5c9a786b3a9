"""The byte ledger of a run."""

import numpy as np
import pytest

from networks import network
from nibblestream import Enhancer, quantize
from nibblestream.hardware.ledger import LedgerError, reconcile
from nibblestream.hardware.traffic import (
    NOTHING,
    SPECTRA,
    Counted,
    LayerTraffic,
    RowTraffic,
    Traffic,
    layers_of,
    rows_of,
    stream_bytes,
)
from nibblestream.network import code_stream
from plain_networks import plain_network


def test_the_papers_bytes():
    """Table 3's memory column, and the padded stream within 2 % of it."""
    model = network()
    for bits, ideal in (((8, 8), 297_216), ((4, 4), 148_608), ((4, 8), 165_120)):
        with Enhancer(quantize(model, "u", bits)) as enhancer:
            traffic = enhancer.traffic
        assert traffic.ideal == ideal
        assert traffic.ideal <= traffic.padded <= 1.02 * traffic.ideal
        assert (traffic.at(8), traffic.at(32)) == (297_216, 1_188_864)
        assert sum(layer.padded for layer in traffic.layers) == traffic.padded
    with Enhancer(model) as enhancer:
        assert enhancer.traffic.ideal == enhancer.traffic.padded == 1_188_864


def test_a_block_of_frames_shares_a_pass():
    with Enhancer(quantize(network())) as enhancer:
        assert enhancer.traffic.per_frame == enhancer.traffic.padded == 149_632
        enhancer.enhance(np.zeros(64 * 64), 8000)  # 64 hops: 65 frames, 32 a pass
        traffic = enhancer.traffic
        assert (traffic.frames, traffic.passes) == (65, 3)
        assert traffic.streamed == 3 * 149_632
        assert traffic.per_frame == 3 * 149_632 / 65
        stream = enhancer.stream()
        for _ in range(10):
            stream.process(np.zeros(64))
        assert enhancer.traffic.per_frame == 149_632  # live: a pass for each frame


def test_a_wide_network_runs_in_smaller_blocks():
    """2048 neurons leave room for two groups of 8 frames in the activation memory."""
    wide = network(hidden=(2048,))
    model = quantize(wide, "u", 8)
    assert (model.block, quantize(network(), "u", 8).block) == (16, 32)
    for each, passes in ((model, 5), (wide, 3)):  # float weights are not streamed to a kernel
        with Enhancer(each) as enhancer:
            enhancer.enhance(np.zeros(64 * 64), 8000)
            assert (enhancer.traffic.frames, enhancer.traffic.passes) == (65, passes)


def test_it_prints_legibly():
    with Enhancer(quantize(network())) as enhancer:
        enhancer.enhance(np.zeros(6400), 8000)
        text = str(enhancer.traffic)
    assert "148,608" in text
    assert "streamed codes save 49.7% of 8-bit weights, 87.4% of float32" in text
    assert "(from the layout)" in text
    assert "reconciled" not in text  # nothing was counted
    assert max(len(line) for line in text.splitlines()) <= 80


def counted(codes, read, written, **hardware):
    dma = {"codes read": codes, "spectra read": read, "spectra written": written}
    return Counted(dma, {**dma, **{key.replace("_", " "): size for key, size in hardware.items()}})


LAYERS = [LayerTraffic(256, 1032, 4), LayerTraffic(129, 256, 8)]
FIRST, SECOND = 8 * (1 + 4 + 32 + 16_640), 8 * (1 + 17 + 4_128)
WHOLE = 8 + FIRST + SECOND


def test_the_stream_is_what_the_code_stream_is():
    model = quantize(network(), ("rs-vbs", "u"), (4, 8))
    assert stream_bytes(LAYERS) == WHOLE == code_stream.beats(model).nbytes
    assert Traffic(LAYERS, 0, 0).tables == WHOLE - 8 * (16_640 + 4_128)


def test_what_agrees_is_reconciled():
    block = counted(WHOLE, 3 * 1032, 3 * 1032)
    reconcile(LAYERS, 3, block)
    text = str(Traffic(LAYERS, 6, 2, NOTHING + block + block))
    assert f"codes read                     {2 * WHOLE:,}       {2 * WHOLE:,}" in text
    assert block + block - block == block


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (0, "in the model's header"),
        (9, r"in layer 1 \(1032 to 256, 4 bits\)"),
        (8 + FIRST, "in layer 1 "),
        (8 + FIRST + 1, r"in layer 2 \(256 to 129, 8 bits\)"),
        (WHOLE - 1, "in layer 2 "),
        (WHOLE + 8, "8 bytes after layer 2, the last"),
    ],
)
def test_a_mismatch_names_the_layer(found, where):
    for who, block in (
        ("the hardware counted", counted(WHOLE, 3096, 3096, codes_read=found)),
        ("the DMA moved", counted(found, 3096, 3096)),
    ):
        with pytest.raises(LedgerError, match=f"codes read: .* {who} {found}, which end {where}"):
            reconcile(LAYERS, 3, block)


def test_a_mismatch_of_spectra_names_the_port():
    with pytest.raises(LedgerError, match=r"spectra written: .* 3096 bytes, the DMA moved 8"):
        reconcile(LAYERS, 3, counted(WHOLE, 3096, 8))
    with pytest.raises(
        LedgerError, match=r"spectra read: .* 3096 bytes, the hardware counted 1032"
    ):
        reconcile(LAYERS, 3, counted(WHOLE, 3096, 3096, spectra_read=1032))


# --- networks without spectra ---------------------------------------------------------------------
def test_rows_have_bytes_of_their_own():
    rows, layers = RowTraffic(50, 20), [LayerTraffic(40, 200, 4, wide_bias=True, activation=True)]
    whole = 8 * (1 + 2 + 4 + 10 + 40 * 13)  # the model; the layer and its activation; LUT, biases
    assert stream_bytes(layers) == whole
    block = counted(whole, 3 * 400, 3 * 160)
    reconcile(layers, 3, block, rows)
    text = str(Traffic(layers, 3, 1, block, rows))
    assert "3 rows in 1 passes: 4,160 bytes of codes, 1,387 a row" in text
    assert f"{'rows written':<24}{480:>14}{480:>14}{480:>14}" in text
    with pytest.raises(LedgerError, match=r"rows read: the model says 1600 bytes, .* 1200"):
        reconcile(layers, 4, block, rows)


@pytest.mark.parametrize(
    ("found", "where"),
    [(8, "in the model's header"), (9, r"in layer 1 \(200 to 40"), (8 + 8 * 536 + 1, "layer 2 ")],
)
def test_a_mismatch_names_the_layer_of_wide_biases_and_activations(found, where):
    layers = [
        LayerTraffic(40, 200, 4, wide_bias=True, activation=True),
        LayerTraffic(7, 40, 8, wide_bias=True),
    ]
    block = counted(found, 0, 0)
    with pytest.raises(LedgerError, match=where):
        reconcile(layers, 0, block, RowTraffic(50, 4))


def test_rows_of_speech_and_of_a_float_model(rng):
    speech = network()
    assert rows_of(speech) == rows_of(quantize(speech)) == SPECTRA
    float_model = plain_network(rng, (12, 5))
    assert rows_of(float_model) == RowTraffic(3, 3)
    assert [layer.bits for layer in layers_of(float_model)] == [32]
    assert Traffic(layers_of(float_model), 0, 0).ideal == 12 * 5 * 4
