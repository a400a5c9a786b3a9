"""`nibblestream predict`, run as users run it."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from click.testing import CliRunner

from nibblestream import Predictor, quantize
from nibblestream.cli import main
from nibblestream.predict import reading
from plain_networks import plain_network

pytestmark = pytest.mark.numeric


def call(*arguments, **more):
    return CliRunner().invoke(main, ["predict", *map(str, arguments)], **more)


@pytest.fixture
def files(tmp_path, rng):
    """A float model, its codes, and rows as an array, as integers and as a table."""
    network = plain_network(rng, (4, 6, 2))
    network.save(tmp_path / "float.npz")
    quantize(network, "kmeans", 4).save(tmp_path / "codes.npz")
    x = rng.uniform(-4, 4, (50, 4)).round(3)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "words.npy", np.rint(x * 2**12).astype(np.int16))
    np.savetxt(tmp_path / "x.csv", x, fmt="%.3f", delimiter=",", header="a,b,c,d", comments="")
    return tmp_path


@pytest.fixture
def expected(files):
    with Predictor(files / "codes.npz") as net:
        return net.predict(np.load(files / "x.npy"))


def test_a_walk_in_processes_of_their_own(files, expected):
    """Quantize with calibration, predict from each kind of file to each, through a pipe as well."""

    def run(*arguments, **more):
        command = [sys.executable, "-m", "nibblestream", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=files, **more)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    run("quantize", "float.npz", "-o", "mine.npz", "--scheme", "auto", "--calibration", "x.npy")
    assert "inputs within" in run("info", "mine.npz")
    run("predict", "mine.npz", "x.csv", "-o", "y.npz")
    with Predictor(files / "mine.npz") as net:
        wanted = net.predict(np.load(files / "x.npy"))
    np.testing.assert_array_equal(reading.read(files / "y.npz"), wanted)
    told = run("predict", "codes.npz", "x.npy", "-o", "y.npy")
    np.testing.assert_array_equal(np.load(files / "y.npy"), expected)
    lines = told.splitlines()
    assert lines[0].startswith("y.npy: 50 rows of 2 outputs, computed in ")
    assert lines[1] == "bits.fraction 16.12 in, 25.16 out"
    assert lines[2] == "64 bytes of codes a pass, 2 passes (from the layout)"
    assert lines[3] == "values that saturated: 0 at the inputs, none in the layers"


@pytest.mark.parametrize("source", ["x.npy", "x.csv"])
@pytest.mark.parametrize("suffix", ["npy", "npz", "csv"])
def test_files_in_and_out(files, expected, source, suffix):
    out = files / f"y.{suffix}"
    result = call(files / "codes.npz", files / source, "-o", out)
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(reading.read(out), expected)


def test_a_pipe(files, expected):
    text = (files / "x.csv").read_text()
    command = [sys.executable, "-m", "nibblestream", "predict", files / "codes.npz", "-", "-o", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    np.testing.assert_array_equal(np.loadtxt(done.stdout.splitlines(), delimiter=","), expected)
    assert done.stderr.startswith("standard output: 50 rows")


@pytest.mark.usefixtures("kernel_cache")
@pytest.mark.parametrize("backend", ["emu", "csim"])
def test_integers(files, expected, backend):
    words = np.load(files / "words.npy")
    np.savetxt(files / "words.csv", words, fmt="%d", delimiter=",")
    with Predictor(files / "codes.npz") as net:
        wanted = net.predict_integers(words)
        np.testing.assert_array_equal(net.output_format.to_float(wanted), expected)
    for source in ("words.npy", "words.csv"):
        out = files / "y.npy"
        options = ("--integers", "--backend", backend)
        result = call(files / "codes.npz", files / source, "-o", out, *options)
        assert result.exit_code == 0, result.output
        found = np.load(out)
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, wanted)


def test_a_float_model(files):
    result = call(files / "float.npz", files / "x.npy", "-o", files / "y.npy")
    assert result.exit_code == 0, result.output
    assert "in float64" in result.output


def test_saturation_is_told(files):
    np.save(files / "loud.npy", 20 * np.load(files / "x.npy"))
    command = [sys.executable, "-m", "nibblestream", "predict"]
    command += [files / "codes.npz", files / "loud.npy", "-o", files / "y.npy"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("warning: ")
    assert "exceed the model's reach" in warning
    beyond = int((np.abs(np.load(files / "loud.npy")) > 4).sum())
    assert done.stdout.splitlines()[-1].startswith(f"values that saturated: {beyond} at the inputs")


def test_files_larger_than_the_memory(files, rng):
    rows = 1_000_000
    np.save(files / "long.npy", rng.uniform(-4, 4, (rows, 4)).astype(np.float32))
    tracemalloc.start()
    try:
        result = call(files / "codes.npz", files / "long.npy", "-o", files / "y.npy")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.exit_code == 0, result.output
    assert peak < 14e6 < 16 * rows  # bytes of the inputs, and of the outputs
    long, y = (np.load(files / name, mmap_mode="r") for name in ("long.npy", "y.npy"))
    with Predictor(files / "codes.npz") as net:
        np.testing.assert_array_equal(y[-9:], net.predict(long[-9:]))


def test_mistakes(files):
    np.save(files / "nan.npy", np.full((3, 4), np.nan))
    np.save(files / "five.npy", np.zeros((3, 5)))
    (files / "bad.csv").write_text("1,2,3,4\n1,2,x,4\n")
    (files / "half.csv").write_text("1,2,3,0.5\n")
    kept = sorted(path.name for path in files.iterdir())
    codes, x, y = (files / name for name in ("codes.npz", "x.npy", "y.npy"))
    mistakes = [
        (1, "no such file", (codes, files / "nothing.npy", "-o", y)),
        (1, "no such model", (files / "nothing.npz", x, "-o", y)),
        (1, "use Enhancer", ("mlp", x, "-o", y)),
        (1, "there is no folder", (codes, x, "-o", files / "no" / "y.npy")),
        (1, "cannot write rows as '.wav'", (codes, x, "-o", files / "y.wav")),
        (1, "cannot read rows as '.wav'", (codes, files / "x.wav", "-o", y)),
        (1, "five.npy: found an array of shape (3, 5)", (codes, files / "five.npy", "-o", y)),
        (1, "nan.npy: x[0, 0] is nan", (codes, files / "nan.npy", "-o", y)),
        (1, "bad.csv: line 2: 'x'", (codes, files / "bad.csv", "-o", y)),
        (1, "x.npy: found an array of dtype float64", (codes, x, "-o", y, "--integers")),
        (1, "half.csv: x[0, 3] is 0.5", (codes, files / "half.csv", "-o", y, "--integers")),
        (1, "quantize it first", (files / "float.npz", x, "-o", y, "--backend", "csim")),
        (1, "float model", (files / "float.npz", x, "-o", y, "--integers")),
        (2, "is the input itself", (codes, x, "-o", x)),
        (2, "is the input itself", (codes, x, "-o", codes)),
        (2, "Missing option", (codes, x)),
    ]
    for status, message, arguments in mistakes:
        result = call(*arguments)
        assert (result.exit_code, message in result.output) == (status, True), result.output
        assert len(result.output.splitlines()) == 1, result.output
    assert sorted(path.name for path in files.iterdir()) == kept
