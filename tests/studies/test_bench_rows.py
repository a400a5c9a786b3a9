"""The bench of networks that are not for speech: rows in place of frames, and no real time."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from networks import network
from nibblestream.cli import main
from nibblestream.hardware import cycles
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.traffic import layers_of, rows_of, stream_bytes
from nibblestream.network.float_network import FloatNetwork
from nibblestream.studies.bench import picture, report, roofline, run, subjects
from nibblestream.studies.bench.figures import MEASURED, MODELLED, Figure
from plain_networks import plain_network

WIDTHS = (21, 30, 4)


@pytest.fixture(autouse=True)
def no_board(monkeypatch):
    monkeypatch.delenv("BOARD", raising=False)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "digits.npz"
    plain_network(np.random.default_rng(3), WIDTHS).save(path)
    return path


@pytest.fixture(scope="module")
def results(path, kernel_cache):
    return run.bench(subjects.load([str(path)]), ["emu", "csim"], 0)


def test_float32_is_the_same_network(rng):
    model = plain_network(rng, WIDTHS)
    x = rng.uniform(-4, 4, (9, 21)).astype(np.float32)
    found = FloatNetwork(model, np.float32).process(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model(x.astype(float)), rtol=1e-4, atol=1e-4)


def test_rows_of_every_backend_code_and_block(results):
    found = [(row.backend, row.widths, row.block) for row in results.rows]
    coded = [(b, w, n) for b in ("emu", "csim") for w in ("4", "8", "4,8") for n in (1, 32)]
    assert found == [("numpy", "float32", 1), ("numpy", "float32", 32), *coded]


def test_figures_are_of_rows(results, path):
    four = subjects.load([str(path)])[0].codes[0]
    for row in results.rows:
        rate, each = row.figures["frames_per_second"], row.figures["time_per_row"]
        assert (each.unit, each.kind) == ("us", MEASURED)
        assert each.value == pytest.approx(1e6 / rate.value)
        assert not {"times_real_time", "hop_latency_p50"} & set(row.figures)
    (live,) = (r for r in results.rows if (r.backend, r.widths, r.block) == ("emu", "4", 1))
    assert live.figures["weight_bytes_per_frame"].value == stream_bytes(layers_of(four))
    # 21 values of 16 bits in 6 beats, 4 of 32 bits in 2
    assert live.figures["spectra_bytes_per_frame"] == Figure(64, "bytes", MODELLED)
    assert results.rows[0].figures["spectra_bytes_per_frame"].value == 4 * (21 + 4)


def test_json_speaks_of_rows(path, tmp_path):
    out = tmp_path / "out.json"
    arguments = ["bench", "--backend", "emu", "--model", str(path), "--seconds", "0"]
    result = CliRunner().invoke(main, [*arguments, "--json", str(out)])
    assert result.exit_code == 0, result.output
    for row in json.loads(out.read_text())["rows"]:
        latencies = {"latency_p50", "latency_p99"}
        of_rows = {"rows_per_second", "weight_bytes_per_row", "value_bytes_per_row"}
        assert set(row["figures"]) == latencies | of_rows | {"time_per_row", "blocks"}


def test_the_text_of_both_kinds_fits(results):
    speech = network(hidden=(4,))
    both = run.bench([subjects.Subject("speech", speech, subjects.codes_of(speech))], ["emu"], 0)
    text = report.text(run.Results([*both.rows, *results.rows]))
    assert max(len(line) for line in text.splitlines()) <= 100
    frames, rows = text.index("real time"), text.index("bytes a row")
    assert frames < text.index("speech on emu") < rows < text.index("digits on emu")
    assert "STFT" in text
    alone = report.text(results)
    assert not any(word in alone for word in ("STFT", "real time", "frame", "spectra"))
    assert "with rows in and out" in alone.replace("\n  ", " ")
    line = next(line.split() for line in alone.splitlines() if line.startswith("  4  "))
    assert float(line[3].replace(",", "")) > 0


def test_the_roofline_is_that_of_the_cycle_model(results, tmp_path):
    board = BOARDS["Pynq-Z2"]
    found = roofline.points(results.rows, board)
    assert {point.unit for point in found} == {"row"}
    live = next(row for row in results.rows if row.widths == "4" and row.block == 1)
    block = cycles.Block(live.layers, 1, live.rows)
    assert found[0].speed == pytest.approx(live.macs * block.rate(board.clock_mhz))
    pytest.importorskip("matplotlib")
    picture.draw(results.rows, tmp_path / "roof.svg")
    text = (tmp_path / "roof.svg").read_text()
    assert "<!-- 1 row a block -->" in text
    assert "frame" not in text


def test_rows_have_the_layout_of_their_model(path):
    model = subjects.load([str(path)])[0].codes[0]
    assert run.numbers(model, 7).shape == (7, 21)
    assert np.abs(run.numbers(model, 999)).max() <= 4
    assert rows_of(model).bytes == 64
