"""`nibblestream quantize` of networks that take rows, and what it says of options at odds."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from networks import network
from nibblestream import QuantizedModel, quantize
from nibblestream.cli import main
from nibblestream.network.activation import LINEAR
from nibblestream.network.float_model import FloatModel
from nibblestream.network.memory import MEMORY
from nibblestream.network.scheme import CALIBRATED, NAMES
from plain_networks import plain_network

pytestmark = pytest.mark.numeric


def call(*arguments):
    return CliRunner().invoke(main, ["quantize", *map(str, arguments)])


@pytest.fixture
def files(tmp_path, rng):
    """A float model and 60 rows for it, in files of three kinds; and a model for speech."""
    plain_network(rng, (4, 6, 2)).save(tmp_path / "m.npz")
    network(hidden=(3,)).save(tmp_path / "speech.npz")
    rows = rng.uniform(-3, 3, (60, 4)).astype(np.float32)
    np.save(tmp_path / "all.npy", rows)
    np.save(tmp_path / "a.npy", rows[:20])
    np.savez(tmp_path / "b.npz", rows[20:40])
    np.savetxt(tmp_path / "c.csv", rows[40:], delimiter=";", header="p;q;r;s", comments="")
    np.save(tmp_path / "five.npy", np.zeros((20, 5)))
    np.save(tmp_path / "nan.npy", np.full((20, 4), np.nan))
    return tmp_path


@pytest.mark.parametrize("scheme", ["gptq", "auto"])
def test_rows_of_several_files_calibrate(files, scheme):
    for name, sources in (("one", ["all.npy"]), ("three", ["a.npy", "b.npz", "c.csv"])):
        options = [each for source in sources for each in ("--calibration", files / source)]
        out = files / f"{name}.npz"
        result = call(files / "m.npz", "-o", out, "--scheme", scheme, *options)
        assert result.exit_code == 0, result.output
    one, three = (QuantizedModel.load(files / f"{name}.npz") for name in ("one", "three"))
    rows = np.load(files / "all.npy")
    expected = quantize(FloatModel.load(files / "m.npz"), scheme, calibration=rows)
    for found in (one, three):
        for mine, theirs in zip(found.layers, expected.layers, strict=True):
            np.testing.assert_array_equal(mine.codes, theirs.codes)
    assert one.front == three.front == expected.front


def test_each_file_is_a_sequence_of_a_network_with_memory(files, rng):
    plain_network(rng, (4, 6, 2), (MEMORY, LINEAR)).save(files / "memory.npz")
    found = []
    for sources in (["all.npy"], ["a.npy", "b.npz", "c.csv"]):
        options = [each for source in sources for each in ("--calibration", files / source)]
        result = call(files / "memory.npz", "-o", files / "out.npz", "--scheme", "refit", *options)
        assert result.exit_code == 0, result.output
        found.append(QuantizedModel.load(files / "out.npz"))
    model, rows = FloatModel.load(files / "memory.npz"), np.load(files / "all.npy")
    expected = [quantize(model, "refit", calibration=c) for c in (rows, np.split(rows, 3))]
    for mine, theirs in zip(found, expected, strict=True):
        for one, other in zip(mine.layers, theirs.layers, strict=True):
            np.testing.assert_array_equal(one.codes, other.codes)
    assert any((a.codes != b.codes).any() for a, b in zip(*(m.layers for m in found), strict=True))


@pytest.mark.parametrize("scheme", NAMES)
@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("bits", [("--bits", "8"), ("--layer-bits", "4,8"), ("--layer-bits", "8")])
def test_eight_bits_with_any_scheme(files, scheme, calibrated, bits):
    """Also without the calibration that only narrower layers of the scheme would need."""
    out = files / "out.npz"
    options = ("--calibration", files / "all.npy") if calibrated else ()
    result = call(files / "m.npz", "-o", out, "--scheme", scheme, *bits, *options)
    needs = scheme in CALIBRATED and scheme != "auto" and "4" in bits[1]
    if needs and not calibrated:
        assert f"{scheme} needs calibration" in result.output
        return
    assert result.exit_code == 0, result.output
    found = [layer.bits for layer in QuantizedModel.load(out).layers]
    assert found == ([4, 8] if "4" in bits[1] else [8, 8])


def test_schemes_by_layer_with_eight_bits(files):
    options = ("--scheme", "rs-vbs,kmeans", "--layer-bits", "4,8")
    result = call(files / "m.npz", "-o", files / "out.npz", *options)
    assert result.exit_code == 0, result.output
    names = [layer.scheme.name for layer in QuantizedModel.load(files / "out.npz").layers]
    assert names == ["rs-vbs", "u-vbs"]


@pytest.mark.parametrize(
    ("options", "message", "status"),
    [
        (["--layer-bits", "4,4,8"], "layer-bits has 3 values, the model has 2 layers", 1),
        (["--bits", "4,4,8"], "bits has 3 values", 1),
        (["--scheme", "u,u,u", "--bits", "8"], "scheme has 3 values", 1),
        (["--bits", "4", "--layer-bits", "4,8"], "--layer-bits replaces --bits", 2),
        (["--scheme", "magic", "--bits", "8"], "scheme is 'magic'", 1),
        (["--speech", ".", "--noise", "."], "takes rows of 4 numbers", 2),
        (["--calibration", "five.npy"], "five.npy: found an array of shape (20, 5)", 1),
        (["--calibration", "nan.npy"], "NaN", 1),
        (["--calibration", "noisy.wav"], "noisy.wav: cannot read rows as '.wav'", 1),
        (["--calibration", "nothing.npy"], "nothing.npy: no such file", 1),
        (["--calibration", "m.npz"], "m.npz: cannot be read", 1),
    ],
)
def test_refused(files, monkeypatch, options, message, status):
    monkeypatch.chdir(files)
    result = call("m.npz", "-o", "out.npz", *options)
    assert (result.exit_code, message in result.output) == (status, True), result.output
    assert len(result.output.splitlines()) == 1
    assert not (files / "out.npz").exists()


def test_rows_do_not_calibrate_speech(files):
    options = ("--scheme", "gptq", "--calibration", files / "all.npy")
    result = call(files / "speech.npz", "-o", files / "out.npz", *options)
    assert (result.exit_code, "expected recordings" in result.output) == (1, True), result.output


def test_what_is_quantized_is_not_quantized_again(files):
    assert call(files / "m.npz", "-o", files / "q.npz").exit_code == 0
    result = call(files / "q.npz", "-o", files / "out.npz")
    assert result.exit_code == 1
    digest = FloatModel.load(files / "m.npz").digest
    assert "is quantized already: quantize the float model" in result.output
    assert digest in result.output
