"""Quantizers side by side: what each may hold, what it weighs, whether it fits, and the table."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from networks import float_twin, network, random_model
from nibblestream import Enhancer, quantize, spec
from nibblestream.cli import main
from nibblestream.evaluate.bootstrap import Interval
from nibblestream.evaluate.known import Known
from nibblestream.evaluate.metrics import si_sdr, stoi
from nibblestream.evaluate.output_error import output_errors
from nibblestream.evaluate.score import NOISY
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.float_model import FloatModel
from nibblestream.network.lut import decode
from nibblestream.network.memory import MEMORY
from nibblestream.network.model import QuantizedModel
from nibblestream.network.recurrent import RECURRENT
from nibblestream.quantize import nearest_codes
from nibblestream.speech import stft
from nibblestream.speech.front import Speech
from nibblestream.studies.compare import report
from nibblestream.studies.compare.fit import NO, ROUNDED, YES, fit, table_of
from nibblestream.studies.compare.front import front
from nibblestream.studies.compare.kept import Made, make
from nibblestream.studies.compare.method import Method
from nibblestream.studies.compare.methods import METHODS, NAMES, chosen
from nibblestream.studies.compare.peer import near
from nibblestream.studies.compare.recordings import Material
from nibblestream.studies.compare.rows import FLOAT, POOLED, Row
from nibblestream.studies.compare.run import Comparison, compare
from sweep_material import clips, small

pytestmark = pytest.mark.numeric

WIDTHS = (1032, 8, 129)
SIZES = [b * a for a, b in pairwise(WIDTHS)]  # weights of each layer
BY_NAME = {method.name: method for method in METHODS}
# By peer: bytes beside codes at 4 bits, and the weights that share their values.
ROWS, BLOCKS = [1032, 8], [64, 64]
NF4 = sum(-(-size // 64) + 4 + 16 * 4 + 256 * 4 + 4 for size in SIZES)
SCALES = {
    "RTN, tensor": (2 * 4, SIZES),
    "RTN, row": (4 * (8 + 129), ROWS),
    "k-means, sklearn": (2 * 16 * 4, SIZES),
    "k-means, coremltools": (2 * 16 * 2, SIZES),
    "k-means, coremltools, int8": (2 * (16 + 2), SIZES),
    # Tables for 8 rows and for 3: the divisors of 8 and 129 nearest to 16.
    "k-means, coremltools, 16 rows, scaled": ((1 + 43) * 32 + 2 * (8 + 129), ROWS),
    "SKM, coremltools": (2 * 16 * 2, SIZES),
    "SKM, coremltools, 16 rows": ((1 + 43) * 32, [8 * 1032, 3 * 8]),
    "int, torchao, row": (4 * (8 + 129), ROWS),
    # Groups of 129 of 1032 inputs, and of all 8: a float16 and an int8 each.
    "int, torchao, 128": (3 * (8 * 8 + 129), [129, 8]),
    "HQQ, torchao, 64": (2 * (8 * 24 + 129), [43, 8]),
    "AWQ, torchao, 128": (3 * (8 * 8 + 129) + 4 * (1032 + 8), []),
    "qint, quanto": (8 * (8 + 129), ROWS),
    "NF4, bitsandbytes": (NF4, BLOCKS),
    "NF4, bitsandbytes, float scales": (sum(4 * -(-n // 64) + 64 for n in SIZES), BLOCKS),
    "GPTQ, coremltools": (2 * (8 + 129), ROWS),
    "GPTQ, INC, row": (2 * (8 + 129) + 69, ROWS),
    "GPTQ, INC, 32": (2 * (8 * 43 + 129) + 237, [24, 8]),
}
AT_2_BITS = {
    "int, torchao, 128": SCALES["int, torchao, 128"][0],
    "k-means, coremltools": 2 * 4 * 2,
    "GPTQ, INC, row": 2 * (8 + 129) + 35,
}
BY_ROW = tuple(name for name, (_, shared) in SCALES.items() if shared[-1:] == [8])
FITS = {name: ROUNDED if shared == SIZES else NO for name, (_, shared) in SCALES.items()}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory):
    """Clips to calibrate with, and others to score on."""
    return clips(tmp_path_factory.mktemp("recordings"), 4)


@pytest.fixture(scope="module")
def material(recordings) -> Material:
    return Material(recordings[0])


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("NIBBLESTREAM_CACHE", str(folder))
        yield folder


def made(name: str, bits: int, material: Material) -> Made:
    found = make(BY_NAME[name], small(), bits, material)
    assert isinstance(found, Made), found
    return found


@pytest.mark.parametrize(
    ("name", "bits"), [*((name, 4) for name in SCALES), *((name, 2) for name in AT_2_BITS)]
)
def test_peers(name: str, bits: int, material: Material) -> None:
    found = made(name, bits, material)
    whole, model = small(), found.model
    assert isinstance(model, FloatModel)
    extra, shared = SCALES[name]
    assert found.extra == (extra if bits == 4 else AT_2_BITS[name])
    for weights, group in zip(model.weights, shared, strict=False):
        for row in weights if name in BY_ROW else [weights.ravel()]:
            for first in range(0, len(row), group):
                assert len(np.unique(row[first : first + group])) <= 1 << bits
    for weights, exact in zip(model.weights, whole.weights, strict=True):
        assert weights.shape == exact.shape
        # Weights in the wrong place would be off by the root of 2.
        assert np.sqrt(np.mean((weights - exact) ** 2)) < {4: 0.35, 2: 1.1}[bits] * exact.std()
    assert fit(model.weights, bits) == FITS[name]
    assert all(np.array_equal(a, b) for a, b in zip(model.biases, whole.biases, strict=True))


@pytest.mark.parametrize(
    ("name", "plain", "bits"),
    [
        ("GPTQ, coremltools", "RTN, row", 4),
        ("GPTQ, INC, row", "RTN, row", 3),
        ("AWQ, torchao, 128", "int, torchao, 128", 4),
    ],
)
def test_the_calibrated_are_nearer_on_recordings(
    name: str, plain: str, bits: int, material: Material
) -> None:
    models = {each: made(each, bits, material).model for each in (name, plain)}
    errors = output_errors(small(), models, material.clips)
    assert errors[name].mean() < errors[plain].mean()


def test_the_working_directory_stays_empty(tmp_path: Path) -> None:
    """By default, Neural Compressor makes its workspace there."""
    alone = (
        "import torch; from nibblestream.studies.compare.neural_compressor import _quantized;"
        "_quantized(torch.nn.Linear(8, 4), torch.rand(16, 8), 4, -1)"
    )
    subprocess.run([sys.executable, "-c", alone], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("length", "size", "nearest"), [(1032, 128, 129), (8, 16, 8), (129, 23, 3)]
)
def test_groups_divide_a_row(length: int, size: int, nearest: int) -> None:
    assert near(length, size) == nearest


def test_rounded_rows_fit(material: Material) -> None:
    """The nearest table holds them, and they run in integers."""
    for name, bits in (("RTN, tensor", 4), ("k-means, coremltools", 3)):
        peer, found = made(name, bits, material), made(f"{name}, rounded", bits, material)
        assert isinstance(peer.model, FloatModel)
        assert isinstance(found.model, QuantizedModel)
        assert found.extra == 2 * {4: 19, 3: 10}[bits]
        for layer, weights in zip(found.model.layers, peer.model.weights, strict=True):
            table = table_of(weights, bits)
            assert table is not None
            nearest = table.values[nearest_codes(weights.astype(np.float64), table)]
            rounded = decode(layer.codes, layer.lut) * 2.0 ** -(layer.scheme.m - 1 + layer.k)
            error, least = (np.sum((of - weights) ** 2) for of in (rounded, nearest))
            assert error <= least * (1 + 1e-9)


def test_the_front() -> None:
    """Against each pair of rows."""
    rng = np.random.default_rng(0)
    points = [(int(x), y / 9) for x, y in rng.integers(9, size=(30, 2))]
    rows = [
        Row("a", str(i), 4, codes=10, extra=x, figures={"error": Interval(y, y, y)})
        for i, (x, y) in enumerate(points)
    ]
    beaten = {p for p in points for q in points if q != p and q[0] <= p[0] and q[1] <= p[1]}
    best = [(row.extra, row.figures["error"].mean) for row in front(rows)]
    assert best == sorted(set(points) - beaten)


def test_what_fits_is_held_by_a_table(rng: np.random.Generator) -> None:
    model = random_model(rng, scheme="kmeans", bits=3)
    weights = float_twin(model).weights
    assert fit(weights, 3) == YES
    for values, layer in zip(weights, model.layers, strict=True):
        table = table_of(values, 3)
        assert table is not None
        codes = nearest_codes(values.astype(np.float64), table)
        again = decode(codes, table) * 2.0 ** -(table.m - 1 + table.k)
        np.testing.assert_array_equal(again, values)
        assert len(table.mantissa) == 8
        assert len(np.unique(codes)) == len(np.unique(layer.codes))
    assert fit(weights, 2) == NO
    # One value a little off the grid, as many values: they have to be rounded.
    off = np.where(weights[1] == weights[1].max(), weights[1].max() * (1 + 1e-4), weights[1])
    assert fit([weights[0], off], 3) == ROUNDED
    assert fit([off, np.arange(9.0) / 16], 3) == NO


def test_sizes_of_ours(material: Material) -> None:
    for bits, table in ((4, 16 + 2 + 1), (3, 8 + 1 + 1), (2, 4 + 1 + 1)):
        assert made("kmeans", bits, material).extra == 2 * table


def test_what_is_chosen() -> None:
    assert [method.name for method, _ in chosen([4])] == list(NAMES)
    ours = [(m.name, bits) for m, bits in chosen([3, 2]) if not m.library]
    assert ours == [("rs-vbs", 3), ("auto", 3), ("rs-vbs", 2), ("auto", 2)]
    assert {bits for m, bits in chosen([3, 2]) if m.name == "GPTQ, coremltools"} == {3}
    found = chosen([4, 3, 4], ["NF4, bitsandbytes", "u"])
    assert [(m.name, bits) for m, bits in found] == [("u", 4), ("NF4, bitsandbytes", 4), ("u", 3)]
    with pytest.raises(ValueError, match="no method has codes"):
        chosen([3], ["NF4, bitsandbytes"])


def test_a_missing_library_is_told(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    other = small()
    other = replace(other, name="not made yet")
    monkeypatch.setitem(sys.modules, "bitsandbytes.functional", None)
    monkeypatch.delitem(sys.modules, "nibblestream.studies.compare.nf4", raising=False)
    why = make(BY_NAME["NF4, bitsandbytes"], other, 4, material)
    assert isinstance(why, str)
    assert why.startswith("bitsandbytes is not installed")
    absent = Method("absent", "no-such-distribution", "rounding", "per_row")
    assert str(make(absent, other, 4, material)).startswith("no-such-distribution is not installed")


def test_a_failure_is_told(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no kernel\n for this processor")

    monkeypatch.setattr("nibblestream.studies.compare.rounding.per_row", broken)
    other = replace(small(), name="not made yet")
    assert make(BY_NAME["RTN, row"], other, 4, material) == ("failed: no kernel for this processor")
    wide = replace(small(), weights=tuple(3 * w for w in small().weights))
    assert "weights reach 2.97; expected -1 to 1" in str(make(BY_NAME["u"], wide, 4, material))


@pytest.mark.parametrize("head", ["gain", "magnitude"])
def test_output_error_is_that_of_the_enhanced_spectra(head: str, recordings) -> None:
    features = "log2" if head == "gain" else "magnitude"
    whole = network(features, head, (8,))
    rough = replace(whole, weights=tuple(np.round(w * 16) / 16 for w in whole.weights))
    test = recordings[1]
    calls: list[int] = []
    known = Known()
    models = {"rough": rough, "itself": whole}
    found = output_errors(whole, models, test, known=known, on_clip=lambda: calls.append(1))
    assert len(calls) == len(test)
    np.testing.assert_array_equal(found["itself"], 0)
    for clip, error in zip(test, found["rough"], strict=True):
        noisy = clip.realise().noisy
        first, second = (_spectra(model, noisy)[:: spec.CONTEXT] for model in (whole, rough))
        over = np.abs(stft.stft(noisy))[:: spec.CONTEXT] if head == "gain" else 1.0
        slow = np.mean(((first - second) / over) ** 2)
        slow /= 1 if head == "gain" else np.mean(first**2)
        assert error == pytest.approx(slow, rel=0.02)
    again = output_errors(whole, models, [_Gone(clip.digest) for clip in test], known=known)
    np.testing.assert_array_equal(again["rough"], found["rough"])


def test_output_error_of_integers(rng: np.random.Generator, recordings) -> None:
    model = random_model(rng, hidden=(16,), scheme="kmeans")
    twin = float_twin(model)
    near, far = (
        output_errors(o, {"m": model}, recordings[1])["m"]
        for o in (twin, network(hidden=(16,), seed=1))
    )
    assert np.sqrt(near.max()) < 2 * spec.GAIN.resolution + 1e-3
    assert np.sqrt(near.min()) > 0
    assert far.min() > 100 * near.max()


@pytest.fixture(scope="module")
def remembering() -> FloatModel:
    """A network for speech with a layer with memory and a GRU."""
    rng = np.random.default_rng(4)
    shapes = ((6, 1032), (15, 6), (12, 5), (12, 4), (129, 4))
    return FloatModel(
        "remembers",
        tuple(rng.uniform(-1, 1, shape) * min(0.9, shape[1] ** -0.5) for shape in shapes),
        tuple(rng.uniform(-0.3, 0.5, out) for out, _ in shapes),
        Speech("log2", "gain", 0.1),
        activations=(RELU, MEMORY, LINEAR, RECURRENT, LINEAR),
    )


def test_output_errors_of_networks_with_memory(remembering: FloatModel, recordings) -> None:
    """Over all frames of a clip, from an empty state: of floats, and of integers."""
    rough = replace(remembering, weights=tuple(np.round(w * 16) / 16 for w in remembering.weights))
    coded, test = quantize(remembering, "kmeans", 2), recordings[1]
    models = {"rough": rough, "itself": remembering, "coded": coded}
    found = output_errors(remembering, models, test)
    assert found["itself"].max() == 0
    for i, clip in enumerate(test):
        whole = _spectra(remembering, noisy := clip.realise().noisy)
        error = np.mean(((whole - _spectra(rough, noisy)) / np.abs(stft.stft(noisy))) ** 2)
        assert found["rough"][i] == pytest.approx(error, rel=0.02)
        assert found["coded"][i] == output_errors(remembering, {"m": coded}, [clip])["m"][0]
    shuffled = output_errors(remembering, {"m": coded}, test[::-1])["m"]
    assert np.array_equal(shuffled[::-1], found["coded"])


def test_peers_take_networks_with_memory(remembering: FloatModel, material: Material) -> None:
    x = next(iter(material.calibration.sequences(remembering.front)))
    module = pytest.importorskip("nibblestream.studies.compare.sequential").sequential(remembering)
    ours = module(module[0].weight.new_tensor(x)).detach().numpy()
    assert ours == pytest.approx(remembering(x), abs=1e-5)
    calibrated = ("SKM, coremltools", "GPTQ, coremltools", "GPTQ, INC, 32")
    for name in ("gptq", "k-means, coremltools", "int, torchao, 64", *calibrated):
        method = BY_NAME[name]
        found = make(method, remembering, 4, material)
        assert isinstance(found, Made), (name, found)
        shapes = [w.shape for w in remembering.weights]
        if method.library:
            assert [w.shape for w in found.model.weights] == shapes
            for weights, exact in zip(found.model.weights, remembering.weights, strict=True):
                # GPTQ zeroes the weights of units that no recording activates.
                assert 0 < np.sqrt(np.mean((weights - exact) ** 2)) < exact.std()


class _Gone:
    """A clip that can be looked up, but no longer be read."""

    def __init__(self, digest: str) -> None:
        self.digest = digest

    def realise(self) -> None:
        raise AssertionError("what is known is not computed again")


def _spectra(model: FloatModel, noisy: np.ndarray) -> np.ndarray:
    from nibblestream.speech.reference import FloatPipeline

    return np.abs(FloatPipeline(model).process(stft.stft(noisy)))


@pytest.fixture(scope="module")
def found(recordings, material: Material) -> Comparison:
    networks = {"a": small(), "b": network(hidden=(8,), seed=4)}
    listed = chosen([4], ["u", "kmeans", "RTN, row"])
    return compare(networks, recordings[1], material, listed)


def test_figures_are_those_of_the_models(found: Comparison, recordings, material) -> None:
    rows = {(row.network, row.method): row for row in found.rows}
    assert len(rows) == len(found.rows) == 3 * 5
    scores = {
        (name, metric.__name__): np.array([_score(model, clip, metric) for clip in recordings[1]])
        for name, model in (("float", small()), ("rtn", made("RTN, row", 4, material).model))
        for metric in (stoi, si_sdr)
    }
    row = rows["a", "RTN, row"]
    assert row.figures["stoi"].mean == pytest.approx(scores["rtn", "stoi"].mean(), abs=1e-9)
    lost = scores["float", "stoi"] - scores["rtn", "stoi"]
    percent = 100 * lost.sum() / scores["float", "stoi"].sum()
    assert row.figures["loss_percent"].mean == pytest.approx(percent, abs=1e-6)
    lost = scores["float", "si_sdr"] - scores["rtn", "si_sdr"]
    assert row.figures["loss_si_sdr"].mean == pytest.approx(lost.mean(), abs=1e-9)
    assert rows["a", FLOAT].figures["si_sdr"].mean == pytest.approx(
        scores["float", "si_sdr"].mean(), abs=1e-9
    )
    assert (row.codes, row.extra, row.fits) == (sum(SIZES) // 2, 4 * 137, NO)
    assert rows["a", "kmeans"].fits == rows["a", "u"].fits == YES
    assert rows["a", NOISY].figures.keys() == {"stoi", "si_sdr"}


def test_networks_are_pooled(found: Comparison) -> None:
    rows = {(row.network, row.method): row for row in found.rows}
    assert found.rows[0].network == POOLED
    for method in ("u", "kmeans", "RTN, row"):
        one, two, both = (rows[name, method].figures for name in ("a", "b", POOLED))
        for metric in ("stoi", "si_sdr", "loss_si_sdr"):
            mean = (one[metric].mean + two[metric].mean) / 2
            assert both[metric].mean == pytest.approx(mean, abs=1e-12)
        squares = (one["error"].mean ** 2 + two["error"].mean ** 2) / 2
        assert both["error"].mean == pytest.approx(np.sqrt(squares), rel=1e-9)
        assert both["error"].low <= both["error"].mean <= both["error"].high
    # A clip's seeds are drawn together: the same network twice has the interval of one.
    for metric, one in rows["a", NOISY].figures.items():
        assert rows[POOLED, NOISY].figures[metric] == pytest.approx(one, abs=1e-12)


def test_the_command(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    from sweep_material import folders

    folders(tmp_path)
    small().save(tmp_path / "model.npz")
    named = {"--speech": "speech", "--noise": "noise", "-o": "out"}
    named |= {"--calibration-speech": "val-speech", "--calibration-noise": "val-noise"}
    paths = [text for option, name in named.items() for text in (option, str(tmp_path / name))]
    methods = ["--method", "u", "--method", "RTN, tensor", "--bits", "4", "--bits", "3"]
    call = ["compare", str(tmp_path / "model.npz"), *paths, *methods, "--count", "2", "--jobs", "1"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines()[:-1])) <= 100
    assert "model, 3 bits" in result.output
    assert "…" not in result.output  # nothing is cut off
    assert "rounded" in result.output
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == {
        f"compare.{s}" for s in ("csv", "json", "pdf", "png")
    }
    written = json.loads((out / "compare.json").read_text())
    with (out / "compare.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["method"] for row in table] == [row["method"] for row in written["rows"]]
    assert int(table[2]["bytes"]) == sum(SIZES) // 2 + 38
    assert written["networks"] == {"model": small().digest}
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    again = CliRunner().invoke(main, call)
    assert again.output == result.output
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    wrong = [
        text if text != str(tmp_path / "val-noise") else str(tmp_path / "noise") for text in call
    ]
    refused = CliRunner().invoke(main, wrong)
    assert refused.exit_code == 2
    assert "both to calibrate with and to score on" in refused.output


def test_a_row_that_failed_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row("a", "auto", 4, failed="torch is not installed")]
    report.show(Comparison(rows, {"count": 0, "clips": []}))
    assert "auto: torch is not installed" in capsys.readouterr().out


def _score(model: FloatModel, clip, metric) -> float:
    clean, noisy = clip.realise()
    with Enhancer(model) as enhancer:
        return float(metric(clean, enhancer.enhance(noisy, spec.SAMPLE_RATE)))
