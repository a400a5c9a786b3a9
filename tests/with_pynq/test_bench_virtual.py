"""The bench on virtual boards: its bytes, its times in a board's terms, and what must be shown."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from client import BOARDS

from networks import network
from nibblestream.backends import virtual
from nibblestream.cli import main
from nibblestream.hardware import boards, cycles
from nibblestream.hardware.handoff import handoff
from nibblestream.network import code_stream
from nibblestream.studies.bench import at_hand, report, run, subjects
from nibblestream.studies.bench.figures import COUNTED, MEASURED, MODELLED, SHARES, Figure
from nibblestream.studies.bench.savings import savings

BITS = [(4, 4), (8, 8), (4, 8)]


@pytest.fixture(scope="module")
def default():
    """The default network on a virtual board."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOARD", BOARDS[0])
        yield run.bench(subjects.load(["mlp-float"]), ["virtual"], 0)


@pytest.fixture
def rows(default):
    """Its rows by bits and block."""
    return {(row.bits, row.block): row for row in default.rows if row.backend == "virtual"}


@pytest.fixture(autouse=True)
def on_the_board(monkeypatch):
    monkeypatch.setenv("BOARD", BOARDS[0])


@pytest.mark.parametrize(("block", "times"), [(32, 50), (1, 3)])
def test_the_throughput_that_must_be_shown(default, rows, block, times):
    """At 30 us a register access, on the slowest board."""
    assert default.parameters["access"] == 30e-6
    assert len(rows) == 6
    for bits in BITS:
        assert rows[bits, block].figures["times_real_time"].value >= times
        assert rows[bits, block].figures["times_real_time"].kind == MODELLED


def test_the_board_that_it_ran_on(default):
    expected = boards.find(BOARDS[0]).clock_mhz * 1e6
    assert default.parameters["board"] == BOARDS[0]
    assert default.parameters["clock"] == pytest.approx(expected, rel=1e-3)
    text = report.text(default)
    assert f"of a virtual {BOARDS[0]} at {default.parameters['clock'] / 1e6:g} MHz, with" in text
    assert "30 us an access" in text.replace("\n  ", " ")


def test_bytes_are_counted_to_the_byte(rows):
    models = subjects.load(["mlp-float"])[0].codes
    for model, bits in zip(models, BITS, strict=True):
        for block in (1, 32):
            found = rows[bits, block].figures
            size = 8 * len(code_stream.beats(model))
            assert found["weight_bytes_per_frame"] == Figure(size / block, "bytes", COUNTED)
            assert found["spectra_bytes_per_frame"] == Figure(2 * 129 * 8, "bytes", COUNTED)
            rate = found["frames_per_second"].value
            assert found["ddr_traffic"].value == pytest.approx(rate * (size / block + 2064) / 1e6)


def test_shares_are_of_all_of_the_time(rows):
    for row in rows.values():
        shares = [row.figures[name] for name in SHARES]
        assert sum(share.value for share in shares) == pytest.approx(1)
        assert all(0 < share.value < 1 for share in shares)
        assert {share.kind for share in shares} == {MODELLED}
    python, _, kernel = SHARES
    for bits in BITS:  # a live frame is mostly registers, in a block kernels have more
        live, block = (rows[bits, size].figures for size in (1, 32))
        assert live[python].value > live[kernel].value
        assert block[kernel].value > live[kernel].value


def test_the_kernels_share_is_that_of_the_cycle_model(default, rows):
    """But for the clocks in which Python was still at work, too."""
    for row in rows.values():
        seconds = row.block / row.figures["frames_per_second"].value
        python, _, kernel = (row.figures[name].value * seconds for name in SHARES)
        modelled = cycles.Block(row.layers, row.block).cycles / default.parameters["clock"]
        assert kernel <= 1.001 * modelled <= kernel + python


def test_times_are_the_same_each_time(rows):
    """They are the board's: no matter how long this machine takes, and what else it does."""
    again = run.bench(subjects.load(["mlp-float"]), ["virtual"], 0.05)
    for row in again.rows:
        if row.backend == "virtual":
            before = rows[row.bits, row.block].figures["latency_p50"].value
            assert row.figures["latency_p50"].value == pytest.approx(before, rel=1e-9)


def test_savings_are_counted(default):
    four, _ = savings(default.rows)
    assert "4-bit codes move 49.6% fewer bytes than 8-bit ones (counted on virtual)" in four


def test_ledgers_are_printed_reconciled(default):
    assert [title for title, _ in default.ledgers] == [
        f"mlp-float, {widths} bits, on virtual" for widths in ("4", "8", "4,8")
    ]
    text = report.text(default)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert text.count("reconciled to the byte") == 3
    for line in text.splitlines():
        if line.startswith(("codes read", "spectra read", "spectra written")):
            model, dma, hardware = (int(n.replace(",", "")) for n in line.split()[2:])
            assert model == dma == hardware > 0


def test_the_pynq_backend_is_measured_and_counted(tmp_path, monkeypatch):
    """What a board's own bench does; here its board is a virtual one."""
    network(hidden=(8,)).save(tmp_path / "small.npz")
    with virtual.board(BOARDS[0], handoff(boards.find(BOARDS[0]))) as device:
        monkeypatch.setenv("NIBBLESTREAM_OVERLAY", str(tmp_path / "other.bit"))
        assert "other.bit: no such bitstream" in at_hand.lacks("pynq")
        monkeypatch.setenv("NIBBLESTREAM_OVERLAY", str(device.bitstream))
        assert at_hand.lacks("pynq") == ""
        results = run.bench(subjects.load([str(tmp_path / "small.npz")]), ["pynq"], 0)
    assert results.parameters == {}
    assert len(results.ledgers) == 3
    for row in results.rows[2:]:
        kinds = {name: figure.kind for name, figure in row.figures.items()}
        assert row.backend == "pynq"
        assert kinds["frames_per_second"] == kinds["ddr_traffic"] == MEASURED
        assert kinds["weight_bytes_per_frame"] == kinds["spectra_bytes_per_frame"] == COUNTED
        assert not kinds.keys() & set(SHARES)


def test_there_is_no_board_here():
    assert "pynq finds no board" in at_hand.lacks("pynq")


def test_from_a_shell(tmp_path):
    network(hidden=(8,)).save(tmp_path / "small.npz")
    out = tmp_path / "out.json"
    arguments = ["--backend", "virtual", "--model", tmp_path / "small.npz", "--json", out]
    result = CliRunner().invoke(main, ["bench", "--seconds", "0", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    assert "times modelled, bytes counted, MB/s and shares modelled" in result.output
    found = json.loads(out.read_text())
    assert found["virtual"]["board"] == BOARDS[0]
    assert [row["backend"] for row in found["rows"]] == ["numpy"] * 2 + ["virtual"] * 6
