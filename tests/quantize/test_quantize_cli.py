"""nibblestream quantize with recordings and with a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from networks import network
from nibblestream import QuantizedModel
from nibblestream.cli import main
from nibblestream.sound import writing

pytestmark = pytest.mark.numeric


def call(*arguments: Any) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "float.npz"
    network(hidden=(6,)).save(path)
    return path


@pytest.fixture
def folders(tmp_path: Path, rng: np.random.Generator) -> dict[str, Path]:
    """Folders of speech, noise and recordings of both: bursts and a steady hiss."""
    n = 24000
    bursts = rng.normal(0, 0.1, n) * (np.sin(np.arange(n) / 600) > 0)
    hiss = rng.normal(0, 0.02, n)
    found = {}
    for name, signal in (("speech", bursts), ("noise", hiss), ("noisy", bursts + hiss)):
        found[name] = tmp_path / name
        found[name].mkdir()
        writing.write(found[name] / "a.wav", signal, 8000)
    return found


def test_recordings_and_mixtures_calibrate(
    model: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.npz"
    for source in (
        ("--calibration", folders["noisy"]),
        ("--calibration", folders["noisy"] / "a.wav", "--calibration", folders["noisy"]),
        ("--speech", folders["speech"], "--noise", folders["noise"]),
    ):
        result = call("quantize", model, "-o", out, "--scheme", "gptq", *source)
        assert result.exit_code == 0, result.output
        made = QuantizedModel.load(out)
        assert [layer.scheme.name for layer in made.layers] == ["gptq", "gptq"]


def test_a_budget_finds_the_widths(model: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    options = ("--calibration", folders["noisy"], "--budget", 2500)
    result = call("quantize", model, "-o", out, "--scheme", "kmeans", *options)
    assert result.exit_code == 0, result.output
    made = QuantizedModel.load(out)
    assert made.ideal_bytes <= 2500
    widths = ",".join(str(layer.bits) for layer in made.layers)
    assert f"{widths} bits, {made.ideal_bytes:,} bytes" in result.output


def test_eight_bits_are_uniform_beside_any_table(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    result = call("quantize", model, "-o", out, "--scheme", "kmeans", "--layer-bits", "4,8")
    assert result.exit_code == 0, result.output
    names = [layer.scheme.name for layer in QuantizedModel.load(out).layers]
    assert names == ["kmeans", "u-vbs"]


@pytest.mark.parametrize(
    ("options", "message", "status"),
    [
        (["--scheme", "gptq"], "gptq needs calibration", 1),
        (["--budget", "5000"], "a budget needs calibration", 1),
        (["--budget", "5000", "--bits", "3"], "either, not both", 2),
        (["--budget", "5000", "--layer-bits", "3,4"], "either, not both", 2),
        (["--budget", "0"], "--budget", 2),
        (["--speech", "."], "give both --speech and --noise", 2),
        (["--calibration", ".", "--speech", ".", "--noise", "."], "give either --calibration", 2),
        (["--calibration", "nowhere"], "nowhere", 1),
    ],
)
def test_refused(
    model: Path, tmp_path: Path, options: list[str], message: str, status: int
) -> None:
    out = tmp_path / "out.npz"
    result = call("quantize", model, "-o", out, *options)
    assert (result.exit_code, message in result.output) == (status, True), result.output
    assert not out.exists()


def test_too_small_a_budget_is_told_the_least(
    model: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    options = ("--calibration", folders["noisy"], "--budget", 100)
    result = call("quantize", model, "-o", tmp_path / "out.npz", *options)
    assert result.exit_code == 1
    assert "expected at least 1742" in result.output
