"""The command line, run as users run it."""

import json
import subprocess
import sys
from importlib.metadata import metadata

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from nibblestream import Enhancer, QuantizedModel, quantize
from nibblestream.cli import main
from nibblestream.cli.group import EXTRAS
from nibblestream.network.float_model import FloatModel
from nibblestream.network.model_file import BUNDLED
from nibblestream.sound import reading
from plain_networks import plain_network


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(*arguments):
    command = [sys.executable, "-m", "nibblestream", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def recording(tmp_path, rng):
    path = tmp_path / "noisy.wav"
    soundfile.write(path, rng.normal(0, 0.1, (16000, 2)), 16000, subtype="PCM_24")
    return path


@pytest.mark.parametrize("command", main.list_commands(None))
def test_help_has_an_example(command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"Example: nibblestream {command}" in result.output


@pytest.mark.parametrize("band", [None, "full", "narrow"])
def test_enhance_writes_what_the_library_computes(recording, tmp_path, band):
    out = tmp_path / "out.wav"
    result = call("enhance", recording, "-o", out, *["--band", band] * (band is not None))
    assert result.exit_code == 0, result.output
    noisy, rate = reading.read(recording)
    with Enhancer(band=band or "full") as enhancer:
        expected = enhancer.enhance(noisy, rate)
    written, found = soundfile.read(out)
    assert found == 16000
    assert soundfile.info(out).subtype == "PCM_24"
    assert np.abs(written - expected).max() <= 2.0**-23
    assert sorted(path.name for path in tmp_path.iterdir()) == ["noisy.wav", "out.wav"]


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "cannot be read as audio"), (b"not a wav", "cannot be read")]
)
def test_enhance_refuses_what_is_no_audio(tmp_path, content, message):
    (tmp_path / "in.wav").write_bytes(content)
    (tmp_path / "out.wav").write_bytes(b"precious")
    result = call("enhance", tmp_path / "in.wav", "-o", tmp_path / "out.wav")
    assert result.exit_code == 1
    assert message in result.output
    assert "in.wav" in result.output
    assert (tmp_path / "out.wav").read_bytes() == b"precious"


def test_enhance_refuses_other_mistakes(recording, tmp_path):
    mistakes = [
        (1, "no such file", (tmp_path / "nothing.wav", "-o", tmp_path / "out.wav")),
        (1, "there is no folder", (recording, "-o", tmp_path / "nowhere" / "out.wav")),
        (1, "cannot write '.xyz'", (recording, "-o", tmp_path / "out.xyz")),
        (1, "no such model", (recording, "-o", tmp_path / "out.wav", "--model", "nothing")),
        (2, "is the input itself", (recording, "-o", recording)),
        (2, "fpga", (recording, "-o", tmp_path / "out.wav", "--backend", "fpga")),
        (2, "Missing option", (recording,)),
    ]
    for status, message, arguments in mistakes:
        result = call("enhance", *arguments)
        assert (result.exit_code, message in result.output) == (status, True), result.output
        assert len(result.output.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["noisy.wav"]


def test_quantize_gives_each_layer_its_own_scheme(tmp_path):
    out = tmp_path / "mixed.npz"
    result = call(
        "quantize",
        "mlp-float",
        "-o",
        out,
        "--scheme",
        "rs-vbs",
        "--layer-bits",
        "4,8",
        "--k",
        "3,0",
    )
    assert result.exit_code == 0, result.output
    assert "165,120 bytes" in result.output
    model = QuantizedModel.load(out)
    assert [(str(layer.scheme.name), layer.bits, layer.k) for layer in model.layers] == [
        ("rs-vbs", 4, 3),
        ("u", 8, 0),
    ]
    assert model.name == "mixed"
    described = call("info", out)
    assert described.exit_code == 0
    assert "rs-vbs" in described.output
    assert "165,120" in described.output


@pytest.mark.parametrize(
    ("options", "message", "status"),
    [
        (["--bits", "5"], "bits is 5", 1),
        (["--bits", "x"], "'x'", 2),
        (["--scheme", "magic"], "magic", 1),
        (["--layer-bits", "4,4,4"], "3 values", 1),
        (["--p-start", "0.99"], "p_start", 1),
        (["--k", "11"], "k is 11", 1),
    ],
)
def test_quantize_refuses(tmp_path, options, message, status):
    result = call("quantize", "mlp-float", "-o", tmp_path / "m.npz", *options)
    assert (result.exit_code, message in result.output) == (status, True), result.output
    assert not list(tmp_path.iterdir())


def test_a_float_model_is_not_overwritten_by_its_codes(tmp_path):
    path = tmp_path / "m.npz"
    FloatModel.load("mlp-float").save(path)
    result = call("quantize", path, "-o", path)
    assert (result.exit_code, "is the input itself" in result.output) == (2, True)
    FloatModel.load(path)


def test_outputs_are_checked_before_the_work(tmp_path, recording):
    lost = tmp_path / "nowhere" / "file"
    for arguments in (
        ("enhance", recording, "-o", f"{lost}.wav"),
        ("quantize", "mlp-float", "-o", f"{lost}.npz"),
        ("train", "--speech", tmp_path, "--noise", tmp_path, "-o", f"{lost}.npz"),
        ("evaluate", "--speech", tmp_path, "--noise", tmp_path, "--json", lost),
    ):
        result = call(*arguments)
        assert (result.exit_code, "there is no folder" in result.output) == (1, True), result.output


def test_a_quantized_model_is_not_quantized_again(tmp_path):
    result = call("quantize", "mlp", "-o", tmp_path / "m.npz")
    assert result.exit_code == 1
    assert "float" in result.output


@pytest.mark.parametrize("name", BUNDLED)
def test_info_describes_every_bundled_model(name):
    result = call("info", name)
    assert result.exit_code == 0
    assert result.output.startswith(f"{name}: ")
    if not name.startswith("default"):
        assert "1,188,864" in result.output


def test_info_models_a_board():
    plain, result = call("info", "mlp"), call("info", "mlp", "--board", "Pynq-Z2")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(plain.output)
    added = result.output[len(plain.output) :]
    for text in ("xc7z020clg400-1", "100 MHz", "not measured", "not synthesised", "it fits"):
        assert text in added
        assert text not in plain.output
    named = call("info", "mlp", "--board", "KV260", "--clock", 250, "--block", 8).output
    assert "at 250 MHz" in named
    assert any(line.split()[-4:] == ["1", "8", "1", "8"] for line in named.splitlines())


def test_info_of_a_network_without_speech(tmp_path, rng):
    """Without a word of frames or real time, which mean nothing to it."""
    model = plain_network(rng, (16, 64, 32, 32, 5))
    for each in (model, quantize(model)):
        path = tmp_path / "tagger.npz"
        each.save(path)
        result = call("info", path)
        assert result.exit_code == 0, result.output
        assert f"{(16 * 64 + 64 * 32 + 32 * 32 + 32 * 5) * 4:,}" in result.output
        assert "frame" not in result.output
    result = call("info", path, "--board", "Pynq-Z2", "--block", 8)
    assert result.exit_code == 0, result.output
    for text in ("rows a block", "microseconds a block", "bytes a row", "it fits"):
        assert text in result.output
    assert not any(word in result.output for word in ("frame", "real time", "spectra"))


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("mlp-float", "--board", "Pynq-Z2"), 1, "quantize it first"),
        (("mlp", "--board", "Pynq-Z3"), 2, "'Pynq-Z1', 'Pynq-Z2'"),
        (("mlp", "--board", "Pynq-Z2", "--block", 33), 2, "33"),
        (("mlp", "--board", "Pynq-Z2", "--clock", 0), 2, "0"),
        (("mlp", "--clock", 50), 2, "--board"),
        (("mlp", "--block", 8), 2, "--board"),
        (("mlp", "--geometry", "16x4"), 2, "--board"),
        (("mlp", "--board", "Pynq-Z2", "--geometry", "3x8"), 2, "expected one of 16, 32"),
    ],
)
def test_info_refuses(arguments, status, message):
    result = call("info", *arguments)
    assert (result.exit_code, message in result.output) == (status, True), result.output
    assert len(result.output.splitlines()) == 1


def test_evaluate_pairs(tmp_path, rng, monkeypatch):
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "cache"))
    speech = np.repeat(rng.uniform(0, 1, 12), 2000) * rng.normal(0, 0.1, 24000)
    soundfile.write(tmp_path / "c.wav", speech, 8000)
    soundfile.write(tmp_path / "n.wav", speech + rng.normal(0, 0.02, 24000), 8000)
    (tmp_path / "pairs.csv").write_text("clean,noisy,group\nc.wav,n.wav,5 dB\n")
    out = tmp_path / "out.json"
    result = call(
        "evaluate",
        "--pairs",
        tmp_path / "pairs.csv",
        "--model",
        "mlp",
        "--json",
        out,
        "--jobs",
        1,
    )
    assert result.exit_code == 0, result.output
    groups = json.loads(out.read_text())["models"]["mlp"]["groups"]
    assert set(groups) == {"all", "5 dB"}
    assert groups["all"]["n"] == 1
    assert "148,608" in result.output


def test_evaluate_needs_either_pairs_or_folders(tmp_path):
    assert call("evaluate").exit_code == 2
    assert call("evaluate", "--speech", tmp_path).exit_code == 2
    assert (
        call("evaluate", "--speech", tmp_path, "--noise", tmp_path, "--pairs", "x").exit_code == 2
    )
    (tmp_path / "pairs.csv").write_text("a,b\n1,2\n")
    assert call("evaluate", "--pairs", tmp_path / "pairs.csv").exit_code == 1
    empty = call("evaluate", "--speech", tmp_path, "--noise", tmp_path)
    assert empty.exit_code == 1
    assert "holds no audio" in empty.output


@pytest.mark.slow
def test_train_end_to_end(tmp_path, rng):
    for kind in ("speech", "noise"):
        (tmp_path / kind).mkdir()
        for i in range(3):
            signal = rng.normal(0, 0.1, 24000) * np.repeat(rng.uniform(0, 1, 12), 2000)
            soundfile.write(tmp_path / kind / f"{i}.wav", signal, 8000)
    (tmp_path / "speech" / "1-broken.flac").write_bytes(b"fLaC" + bytes(100))
    out = tmp_path / "mine.npz"
    done = run(
        *("train", "--speech", tmp_path / "speech", "--noise", tmp_path / "noise"),
        *("-o", out, "--recipe", "mlp", "--steps", 2, "--hidden", 8),
    )
    assert done.returncode == 0, done.stderr
    assert "warning: skipped:" in done.stderr
    assert "1-broken.flac" in done.stderr
    assert "Traceback" not in done.stderr
    model = FloatModel.load(out)
    assert model.name == "mine"
    assert [w.shape for w in model.weights] == [(8, 1032), (129, 8)]
    assert call("quantize", out, "-o", tmp_path / "mine4.npz").exit_code == 0


def test_as_a_program(tmp_path):
    """No traceback, one line, status 1; and no progress bar where there is no terminal."""
    done = run("info", tmp_path / "nothing.npz")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("Error: ")


def test_the_library_imports_without_its_extras():
    """On a board there is NumPy and little else: nothing heavy at import time."""
    heavy = "torch librosa numba matplotlib scipy soundfile pystoi pesq rich threadpoolctl"
    code = f"import sys, nibblestream.cli; print(set(sys.modules) & set({heavy.split()!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_is_read_is_not_overwritten(tmp_path, recording):
    model = tmp_path / "m.npz"
    assert call("quantize", "mlp-float", "-o", model).exit_code == 0
    kept = recording.read_bytes()
    noisy = ("--speech", tmp_path, "--noise", tmp_path, "--model", model, "--json", model)
    for command in (
        ("quantize", "mlp-float", "-o", recording),
        ("finetune", "mlp-float", "-o", recording, "--speech", tmp_path, "--noise", tmp_path),
        ("evaluate", *noisy),
    ):
        result = call(*command)
        assert result.exit_code == 2, result.output
        assert "expected .npz" in result.output or "is the input itself" in result.output
    assert recording.read_bytes() == kept
    assert QuantizedModel.load(model).layers


def test_results_do_not_replace_files_of_others(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    result = call("reproduce", "fig1", "-o", tmp_path)
    assert result.exit_code == 1
    assert "holds other files" in result.output
    assert (tmp_path / "README.md").read_text() == "mine"
    assert call("reproduce", "fig1", "-o", tmp_path / "new").exit_code == 0
    assert call("reproduce", "fig1", "-o", tmp_path / "new").exit_code == 0


@pytest.mark.parametrize("command", main.list_commands(None))
def test_a_missing_package_is_answered_by_the_extra_that_has_it(monkeypatch, command):
    found = main.get_command(None, command)

    def fail(*_, **__):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(found, "make_context", fail)
    result = call(command)
    assert result.exit_code == 1, result.output
    extra = EXTRAS[command]
    package = f"'nibblestream[{extra}]'" if extra else "torch"
    assert result.output == (
        f"Error: torch is not installed, and {command} needs it: pip install {package}\n"
    )


def test_extras_are_those_of_the_package():
    known = set(metadata("nibblestream").get_all("Provides-Extra"))
    assert {extra for extra in EXTRAS.values() if extra} <= known
