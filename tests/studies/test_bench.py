"""Figures of a bench: what they must be, where they come from, and what is refused."""

import json
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from networks import float_twin, network
from nibblestream import QuantizedModel, quantize, spec
from nibblestream.cli import main
from nibblestream.geometry import DEFAULT
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.traffic import NOTHING, Counted, LayerTraffic, layers_of, stream_bytes
from nibblestream.network import code_stream
from nibblestream.network.float_model import FloatModel
from nibblestream.speech.reference import FloatPipeline
from nibblestream.studies.bench import at_hand, hop, picture, report, roofline, run, subjects
from nibblestream.studies.bench.figures import COUNTED, MEASURED, MODELLED, SHARES, Figure, Row
from nibblestream.studies.bench.float32 import NumpyFloat32
from nibblestream.studies.bench.rows import figures
from nibblestream.studies.bench.savings import savings
from nibblestream.studies.bench.session import FEWEST, WARM_UP, Session, Timed

FRAME_BYTES = 2 * 129 * 8  # of spectra, in and out
TIMES = {"frames_per_second", "times_real_time", "latency_p50", "latency_p99"}
HOPS = {"hop_latency_p50", "hop_latency_p99"}
BYTES = {"weight_bytes_per_frame", "spectra_bytes_per_frame"}


def call(*arguments):
    return CliRunner().invoke(main, ["bench", *(str(argument) for argument in arguments)])


@pytest.fixture(autouse=True)
def no_board(monkeypatch):
    monkeypatch.delenv("BOARD", raising=False)


@pytest.fixture(scope="module")
def default():
    """The default network's rows on emu and csim."""
    return run.bench(subjects.load(["mlp-float"]), ["emu", "csim"], 0)


@pytest.fixture
def small(tmp_path):
    """The file of a small float model."""
    path = tmp_path / "small.npz"
    network(hidden=(8,)).save(path)
    return path


def row(backend="virtual", bits=(4, 4), block=1, weights=1000.0, rate=100.0, kind=COUNTED):
    layers = [LayerTraffic(256, 1032, bits[0]), LayerTraffic(129, 256, bits[1])]
    found = {
        "frames_per_second": Figure(rate, "1/s", MODELLED),
        "weight_bytes_per_frame": Figure(weights, "bytes", kind),
        "spectra_bytes_per_frame": Figure(2064, "bytes", kind),
    }
    return Row(backend, "net", "origin", layers, block, found)


# --- what is compared ------------------------------------------------------------------------
def test_a_float_model_is_compared_in_4_bits_8_and_both():
    (subject,) = subjects.load(["mlp-float"])
    four, eight, mixed = subject.codes
    bundled = QuantizedModel.load("mlp")
    for mine, theirs in zip(four.layers, bundled.layers, strict=True):
        np.testing.assert_array_equal(mine.beats, theirs.beats)
        np.testing.assert_array_equal(mine.lut.mantissa, theirs.lut.mantissa)
    schemes = [[(layer.scheme.name, layer.bits) for layer in m.layers] for m in (eight, mixed)]
    assert schemes == [[("u", 8), ("u", 8)], [("rs-vbs", 4), ("u", 8)]]
    assert {model.origin for model in subject.codes} == {FloatModel.load("mlp-float").digest}


def test_networks_of_other_depths():
    deep = subjects.codes_of(network(hidden=(5, 4)))
    assert [[layer.bits for layer in model.layers] for model in deep][2] == [4, 4, 8]
    assert len(subjects.codes_of(network(hidden=()))) == 2


def test_a_quantized_model_is_compared_with_its_own_float_twin(tmp_path):
    model = quantize(network(hidden=(8,)), "rs", 3)
    model.save(tmp_path / "mine.npz")
    (subject,) = subjects.load([str(tmp_path / "mine.npz")])
    assert subject.name == "mine"
    assert [layer.bits for layer in subject.codes[0].layers] == [3, 3]
    twin = float_twin(model)
    for mine, theirs in zip(subject.float32.weights, twin.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_names_are_short_where_they_can_be(tmp_path):
    (tmp_path / "a").mkdir()
    paths = [str(tmp_path / name) for name in ("m.npz", "a/m.npz", "b.npz")]
    for path in paths:
        network(hidden=(2,)).save(path)
    assert [subject.name for subject in subjects.load(paths)] == [*paths[:2], "b"]
    with pytest.raises(ValueError, match="expected each once"):
        subjects.load(["mlp", "mlp"])


@pytest.mark.parametrize("features", ["log2", "magnitude"])
@pytest.mark.parametrize("head", ["gain", "magnitude"])
def test_float32_is_the_same_network(features, head):
    model = network(features, head, hidden=(16,))
    spectrum = run.spectra(40)
    expected = FloatPipeline(model).process(spectrum)
    machine = NumpyFloat32(model)
    parts = [machine.process(p) for p in np.split(spectrum.astype(np.complex64), [1, 9, 32])]
    assert {part.dtype for part in parts} == {np.dtype(np.complex64)}
    worst = np.abs(np.concatenate(parts) - expected).max()
    assert worst < 1e-5 * np.abs(expected).max()


# --- figures ---------------------------------------------------------------------------------
def test_rows_of_every_backend_network_and_block(default):
    found = [(row.backend, row.bits, row.block) for row in default.rows]
    codes = [(4, 4), (8, 8), (4, 8)]
    assert found == [
        *(("numpy", (32, 32), block) for block in (1, 32)),
        *((backend, bits, block) for backend in ("emu", "csim") for bits in codes
          for block in (1, 32)),
    ]  # fmt: skip
    assert {row.model for row in default.rows} == {"mlp-float"}
    assert run.count(subjects.load(["mlp-float"]), ["emu", "csim"]) == len(found)
    assert default.ledgers == []


def test_bytes_are_those_of_the_layout(default):
    models = {tuple(layer.bits for layer in model.layers): model
              for model in subjects.load(["mlp-float"])[0].codes}  # fmt: skip
    for each in default.rows:
        size = each.figures["weight_bytes_per_frame"].value * each.block
        coded = each.bits in models
        assert size == (8 * len(code_stream.beats(models[each.bits])) if coded else 1_188_864)
        assert each.figures["spectra_bytes_per_frame"].value == FRAME_BYTES


def test_every_figure_says_where_it_comes_from(default):
    for each in default.rows:
        kinds = {name: figure.kind for name, figure in each.figures.items()}
        assert kinds == {
            **dict.fromkeys(TIMES, MEASURED),
            **dict.fromkeys(BYTES, MODELLED),
            **dict.fromkeys(HOPS if each.block == 1 and each.backend != "numpy" else (), MEASURED),
            "blocks": COUNTED,
        }


def test_a_hop_takes_longer_than_its_frame(default):
    """It is more than the network: the STFT, the border, and the inverse."""
    for each in default.rows:
        if "hop_latency_p50" in each.figures:
            found = {name: figure.value for name, figure in each.figures.items()}
            assert 0 < found["hop_latency_p50"] <= found["hop_latency_p99"]
            assert each.figures["hop_latency_p50"].unit == "ms"
    text = report.text(default)
    lines = text[text.index("live, 64 samples") :].split("\n\n")[0].splitlines()
    assert [line.split(",")[0].split()[-1] for line in lines[1:]] == ["emu"] * 3 + ["csim"] * 3
    figure = default.rows[2].figures
    assert lines[1].split()[-2:] == [
        f"{figure[name].value:.3f}" for name in ("hop_latency_p50", "hop_latency_p99")
    ]


def test_a_hop_is_timed_through_the_whole_stream(monkeypatch):
    """Of 64 samples each, with as many frames; and the backend's part is within its time."""
    seen = []

    class Slow:
        one_at_a_time, geometry, block = False, DEFAULT, 1
        reset = counted = close = staticmethod(lambda: None)

        def process(self, spectrum):
            seen.append(len(spectrum))
            time.sleep(0.002)
            return spectrum

    found = hop.figures(Slow(), 128, 0)
    assert len(seen) == WARM_UP + FEWEST
    assert set(seen) == {1}
    assert found["hop_latency_p50"].value > 2
    assert found["hop_latency_p99"].value < 1000


def test_figures_from_laps():
    laps = 1e-6 * np.arange(1, 102) ** 2
    found = figures(Timed(32, laps, None, None), [LayerTraffic(256, 1032, 4)], MEASURED)
    rate = 32 * 101 / (1e-6 * 101 * 102 * 203 / 6)
    assert found["frames_per_second"].value == pytest.approx(rate)
    assert found["times_real_time"].value == pytest.approx(rate / 125)
    assert found["latency_p50"].value == pytest.approx(51**2 / 1e3)
    assert found["latency_p99"].value == pytest.approx(100**2 / 1e3)
    assert found["blocks"].value == 101


def test_figures_from_counters_and_a_board_s_ledger():
    seen = dict(zip(spec.MONITOR_SLOTS, (3000, 320, 640), strict=True))
    spent = SimpleNamespace(elapsed=4.0, python=1.0, dma=0.5, kernel=2.5)
    timed = Timed(8, np.array([2.0, 2.0]), Counted(dict.fromkeys(seen, 0), seen), spent)
    found = figures(timed, [LayerTraffic(256, 1032, 4)], MODELLED)
    assert found["weight_bytes_per_frame"] == Figure(3000 / 16, "bytes", COUNTED)
    assert found["spectra_bytes_per_frame"] == Figure(60, "bytes", COUNTED)
    assert found["ddr_traffic"].value == pytest.approx(3960 / 4 / 1e6)
    assert found["ddr_traffic"].kind == MODELLED
    assert [found[name].value for name in SHARES] == [0.25, 0.125, 0.625]


class Stand:
    """A machine of which each block takes a second longer, and a frame moves three bytes."""

    kind = MODELLED

    def __init__(self):
        self.time, self.blocks, self.moved = 0.0, 0, NOTHING

    def process(self, spectrum):
        self.blocks += 1
        self.time += self.blocks
        size = dict.fromkeys(spec.MONITOR_SLOTS, 3 * len(spectrum))
        self.moved += Counted(size, size)

    def counted(self):
        return self.moved

    def now(self):
        return self.time

    def ledger(self):
        return 10 * self.time


def test_the_warm_up_is_not_timed_but_its_bytes_are_in_the_ledger():
    machine = Stand()
    session = Session(machine, machine)
    timed = session.time(np.zeros((5, 129, 2)), 0)
    np.testing.assert_array_equal(timed.laps, 1 + WARM_UP + np.arange(FEWEST))
    assert timed.ledger == 10 * timed.laps.sum()
    assert timed.counted.dma == dict.fromkeys(spec.MONITOR_SLOTS, 15 * FEWEST)
    session.time(np.zeros((1, 129, 2)), 0)
    traffic = session.traffic([])
    blocks = WARM_UP + FEWEST
    assert (traffic.frames, traffic.passes) == (6 * blocks, 2 * blocks)
    assert traffic.counted.hardware == dict.fromkeys(spec.MONITOR_SLOTS, 18 * blocks)


def test_a_row_takes_the_time_it_is_given():
    machine = Stand()
    machine.process = lambda spectrum: None
    assert len(Session(machine, machine).time(np.zeros((1, 129, 2)), 0.05).laps) > 10 * FEWEST


# --- savings ---------------------------------------------------------------------------------
def test_savings_of_the_default_network(default):
    four, eight = (
        stream_bytes(layers_of(model)) for model in subjects.load(["mlp-float"])[0].codes[:2]
    )
    line, mixed = savings(default.rows)
    live, block = (1 - (four / b + FRAME_BYTES) / (eight / b + FRAME_BYTES) for b in (1, 32))
    assert line == (
        f"mlp-float: 4-bit codes move {1 - four / eight:.1%} fewer bytes than 8-bit ones "
        f"(modelled on emu); with spectra {live:.1%} at 1 frame a block, {block:.1%} at 32 frames "
        "a block"
    )
    assert mixed.startswith("mlp-float: 4,8-bit codes move 44.0% fewer")


def test_savings_are_those_counted_where_something_counts():
    rows = [row("emu", kind=MODELLED), row("emu", (8, 8), weights=2000.0, kind=MODELLED)]
    rows += [row(), row(bits=(8, 8), weights=4000.0), row(block=32, weights=50.0)]
    (line,) = savings(rows)
    assert "4-bit codes move 75.0% fewer bytes than 8-bit ones (counted on virtual)" in line
    assert savings(rows[:1]) == []


# --- text and JSON ---------------------------------------------------------------------------
def test_the_text_fits_and_tells_the_kinds(default):
    text = report.text(default)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "NumPy float32 on this CPU: times measured, bytes modelled" in text
    assert "mlp-float on csim: times measured, bytes modelled" in text
    assert "\nmeasured: by the clock" in text
    assert "\nmodelled bytes: " in text
    assert "\ncounted: " not in text  # nothing was
    assert "reconciled" not in text
    cells = next(line.split() for line in text.splitlines() if line.startswith("  4  "))
    figure = default.rows[2].figures
    assert cells[:2] == ["4", "1"]
    assert cells[2] == f"{figure['frames_per_second'].value:,.0f}"
    assert cells[5] == f"{figure['latency_p99'].value:.3f}"
    assert cells[6:] == ["150,112", "2,064"]


def test_json_has_every_row_and_figure(small, tmp_path):
    out = tmp_path / "out.json"
    result = call("--backend", "emu", "--model", small, "--seconds", 0, "--json", out)
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert found["command"].split()[0] == "nibblestream"
    assert len(found["rows"]) == 8
    first = found["rows"][2]
    assert {key: first[key] for key in ("backend", "model", "bits", "block")} == {
        "backend": "emu",
        "model": "small",
        "bits": [4, 4],
        "block": 1,
    }
    for each in found["rows"]:
        live = each["backend"] == "emu" and each["block"] == 1
        assert set(each["figures"]) == TIMES | BYTES | {"blocks"} | (HOPS if live else set())
        for figure in each["figures"].values():
            assert set(figure) == {"value", "unit", "kind"}
            assert figure["value"] > 0
    assert len(found["savings"]) == 2
    for line in found["savings"]:
        assert line in " ".join(result.output.split())


# --- the roofline ----------------------------------------------------------------------------
def test_points_of_the_kernels(default):
    board = BOARDS["Pynq-Z2"]
    found = roofline.points(default.rows, board)
    assert len(found) == 6  # emu and csim lend the same networks, NumPy none
    assert {point.who for point in found} == {roofline.KERNELS}
    live, block = (point for point in found if point.network == "4 bits")
    assert (live.block, block.block) == (1, 32)
    assert live.intensity == pytest.approx(297_216 / 150_112)
    assert block.intensity == pytest.approx(32 * 297_216 / 150_112)
    # most of the clocks: 1032 / 16 steps of 256 neurons, 16 of 129, once for 8 frames
    steps = 65 * 256 + 16 * 129
    assert 0.95 * 297_216 * 1e8 / steps > live.speed > 0.85 * 297_216 * 1e8 / steps
    for point in found:
        bits = 8 if point.network == "8 bits" else 4
        roof = roofline.multipliers(bits, board.geometry) * 1e8
        assert point.speed < min(roof, point.intensity * roofline.port(board))
    assert [roofline.multipliers(bits, board.geometry) for bits in (4, 8)] == [128, 64]
    assert roofline.port(board) == 800e6


def test_points_of_a_backend_that_counts():
    rows = [row(weights=50_000.0, rate=3000.0), row("pynq", weights=50_000.0, rate=2000.0)]
    found = roofline.points(rows, BOARDS["Pynq-Z2"])
    assert [point.who for point in found] == [roofline.KERNELS, "virtual", "pynq"]
    assert found[1].intensity == pytest.approx(297_216 / 50_000)
    assert [point.speed for point in found[1:]] == [297_216 * 3000, 297_216 * 2000]


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?xml")]
)
def test_the_picture_is_written(small, tmp_path, suffix, magic):
    pytest.importorskip("matplotlib")
    out = tmp_path / f"roof.{suffix}"
    result = call("--backend", "emu", "--model", small, "--seconds", 0, "--plot", out)
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(magic)


def test_the_picture_shows_every_network_and_who_ran_it(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [row(), row(bits=(8, 8)), row("pynq"), row("emu", kind=MODELLED)]
    picture.draw(rows, tmp_path / "roof.svg")
    text = (tmp_path / "roof.svg").read_text()
    for label in ("4 bits", "8 bits", "hollow: kernels alone", "filled: virtual", "half filled"):
        assert f"<!-- {label}" in text
    for label in ("code port: 800 MB/s", "12.8 GMAC/s", "6.4 GMAC/s", "1 frame a block"):
        assert f"<!-- {label} -->" in text


# --- what can run, and what is refused -------------------------------------------------------
def test_what_can_run_here(monkeypatch):
    monkeypatch.setattr(at_hand, "find_spec", lambda name: None)
    assert at_hand.choose(()) == ["emu", "csim"]
    assert at_hand.choose(("csim", "emu", "csim")) == ["csim", "emu"]
    for name in ("virtual", "pynq"):
        with pytest.raises(ValueError, match=rf"backend '{name}' .* pip install .*\[pynq\]"):
            at_hand.choose(("emu", name))
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert at_hand.choose(()) == ["emu"]
    with pytest.raises(ValueError, match=r"'csim' cannot run here: .*no-such-compiler"):
        at_hand.choose(("csim",))
    monkeypatch.setattr(at_hand, "find_spec", lambda name: "there")
    assert "no-such-compiler" in at_hand.lacks("virtual")  # its kernels are compiled, too
    assert "$BOARD is not set" in at_hand.lacks("pynq")


def test_what_cannot_run_is_told(small, monkeypatch):
    monkeypatch.setattr(at_hand, "find_spec", lambda name: None)
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = call("--model", small, "--seconds", 0)
    assert result.exit_code == 0, result.output
    lines = [line for line in result.output.splitlines() if line.startswith("not run: ")]
    assert [line.split(":")[1].strip() for line in lines] == ["csim", "virtual", "pynq"]


def test_mistakes_are_found_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "bench", None)
    mistakes = [
        (1, "there is no folder", ("--json", tmp_path / "no" / "a.json")),
        (1, "there is no folder", ("--plot", tmp_path / "no" / "a.png")),
        (1, "one of .png, .pdf, .svg", ("--plot", tmp_path / "a.gif")),
        (1, "no such model", ("--model", "nothing")),
        (1, "expected each once", ("--model", "mlp", "--model", "mlp")),
        (2, "fpga", ("--backend", "fpga")),
        (2, "--seconds", ("--seconds", -1)),
    ]
    for status, message, arguments in mistakes:
        result = call(*arguments)
        assert (result.exit_code, message in result.output) == (status, True), result.output
        assert len(result.output.splitlines()) == 1
    monkeypatch.setenv("BOARD", "Pynq-Z9")
    assert "choose from Pynq-Z1" in call("--plot", tmp_path / "a.png").output
    monkeypatch.setenv("BOARD", "Pynq-Z1")
    monkeypatch.setattr(picture, "find_spec", lambda name: None)
    assert "nibblestream[demo]" in call("--plot", tmp_path / "a.png").output
    assert list(tmp_path.iterdir()) == []


def test_help_has_an_example():
    assert "Example: nibblestream bench" in call("--help").output


def test_it_runs_without_extras(small):
    """On a board there is NumPy and little else."""
    heavy = ["torch", "librosa", "matplotlib", "pystoi", "pesq", "rich", "threadpoolctl"]
    code = (
        "import sys\nfrom nibblestream.studies.bench import report, run, subjects\n"
        f"report.text(run.bench(subjects.load([{str(small)!r}]), ['emu'], 0))\n"
        f"print(set(sys.modules) & set({heavy!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
