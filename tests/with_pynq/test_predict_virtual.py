"""Predictor on a virtual board: the bits of the emulation, and a ledger of every byte."""

from __future__ import annotations

import numpy as np
import pytest

from nibblestream import Predictor, quantize, spec
from nibblestream.hardware.traffic import layers_of, stream_bytes
from nibblestream.network.activation import LINEAR, TANH, leaky
from nibblestream.studies.bench import report, run, subjects
from nibblestream.studies.bench.figures import COUNTED, MODELLED, Figure
from plain_networks import plain_network

pytestmark = pytest.mark.usefixtures("kernel_cache")


def test_rows_on_a_board(rng):
    network = plain_network(rng, (21, 30, 9, 4), (leaky(0.25), TANH, LINEAR))
    model = quantize(network, "kmeans", 4)
    x = rng.uniform(-4, 4, (75, 21))
    with Predictor(model) as emu, Predictor(model, "virtual") as board:
        np.testing.assert_array_equal(board.predict(x), emu.predict(x))
        integers = emu.input_format.from_float(x[:5])
        np.testing.assert_array_equal(
            board.predict_integers(integers), emu.predict_integers(integers)
        )
        assert board.saturated.layers is None
        board.close()
        traffic = board.traffic
    assert (traffic.frames, traffic.passes) == (80, 4)
    sizes = (4 * stream_bytes(layers_of(model)), 80 * 8 * 6, 80 * 8 * 2)
    assert traffic.counted.hardware == dict(zip(spec.MONITOR_SLOTS, sizes, strict=True))
    assert "rows read" in str(traffic)


def test_the_bench_counts_rows(rng):
    network = plain_network(rng, (21, 9, 4))
    subject = subjects.Subject("net", network, [quantize(network, "kmeans", 4)])
    results = run.bench([subject], ["virtual"], 0)
    live, block = (row for row in results.rows if row.backend == "virtual")
    size = stream_bytes(live.layers)
    for row in (live, block):
        figures = row.figures
        assert figures["weight_bytes_per_frame"] == Figure(size / row.block, "bytes", COUNTED)
        assert figures["spectra_bytes_per_frame"] == Figure(8 * (6 + 2), "bytes", COUNTED)
        assert figures["time_per_row"].kind == MODELLED
    assert "rows written" in report.text(results)
