"""Every command that writes, on material of a few kilobytes, and when its outputs are complete."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from networks import network
from nibblestream import quantize
from nibblestream.evaluate import manifest
from nibblestream.evaluate.mixtures import mixtures
from nibblestream.network.model import load_model
from plain_networks import plain_network
from sweep_material import folders

ROWS = 2000
SECONDS = 5


@dataclass(frozen=True)
class Command:
    """A command line, in the folder of the material.

    Parameters
    ----------
    line : str
        Arguments of `nibblestream`, separated by spaces.
    outputs : tuple of str
        The files that it writes.
    given : str
        A file for its standard input.
    """

    line: str
    outputs: tuple[str, ...]
    given: str = "/dev/null"


_SETS = "--speech speech --noise noise"
_VALIDATION = "--val-speech val-speech --val-noise val-noise"
_CALIBRATION = "--calibration-speech val-speech --calibration-noise val-noise"
COMMANDS = {
    "enhance": Command("enhance noisy.wav -o clean.wav --model small.npz", ("clean.wav",)),
    "enhance a pipe": Command(
        "enhance - -o pipe.wav --model small.npz", ("pipe.wav",), given="noisy.wav"
    ),
    "predict": Command("predict plain.npz rows.npy -o scores.npy", ("scores.npy",)),
    "predict a table": Command("predict plain.npz rows.npy -o scores.csv", ("scores.csv",)),
    "quantize": Command("quantize float.npz -o codes.npz", ("codes.npz",)),
    "import": Command("import net.onnx -o imported.npz", ("imported.npz",)),
    "mix": Command(
        f"mix {_SETS} --split test --count 4 -o mixed.csv --wav stems",
        ("mixed.csv", "mixed.json", "stems/PAIRS.csv", "stems/noisy/00000.wav"),
    ),
    "evaluate": Command(
        f"evaluate {_SETS} --count 2 --metric si_sdr --model small.npz --jobs 1 "
        "--json evaluated.json",
        ("evaluated.json",),
    ),
    "bench": Command(
        "bench --backend emu --model small.npz --seconds 0 --json bench.json --plot bench.png",
        ("bench.json", "bench.png"),
    ),
    "reproduce": Command(
        "reproduce fig1 --model float.npz -o reproduced",
        ("reproduced/results.json", "reproduced/README.md"),
    ),
    "compare": Command(
        f"compare float.npz {_SETS} {_CALIBRATION} --method u --count 2 --jobs 1 -o compared",
        ("compared/compare.json", "compared/compare.csv", "compared/compare.png"),
    ),
    "tasks": Command(
        "tasks --task wine --seeds 1 -o tasks",
        ("tasks/tasks.json", "tasks/tasks.csv", "tasks/README.md"),
    ),
    "train": Command(
        f"train {_SETS} {_VALIDATION} --val-mixtures val.csv --recipe mlp --hidden 4 --steps 2 "
        "-o trained.npz",
        ("trained.npz",),
    ),
    "finetune": Command(
        f"finetune float.npz {_SETS} {_VALIDATION} --bits 2 --steps 1 -o tuned.npz", ("tuned.npz",)
    ),
    "sweep": Command(
        f"sweep float.npz {_SETS} {_VALIDATION} --scheme rs-vbs --bits 4 --trials 3 --count 2 "
        "--val-count 2 --jobs 1 -o swept",
        ("swept/sweep.json", "swept/sweep.csv", "swept/trials.csv"),
    ),
}  # fmt: skip


def material(root: Path) -> None:
    """Write what the commands read."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(11)
    folders(root)
    mixed = mixtures(root / "val-speech", root / "val-noise", count=2)
    manifest.write(root / "val.csv", mixed, root / "val-speech", root / "val-noise", {})
    soundfile.write(root / "noisy.wav", rng.normal(0, 0.1, 16_000 * SECONDS), 16_000)
    trained = network(hidden=(4,))
    trained.save(root / "float.npz")
    quantize(trained).save(root / "small.npz")
    quantize(plain_network(rng, (30, 20, 10))).save(root / "plain.npz")
    np.save(root / "rows.npy", rng.normal(0, 1, (ROWS, 30)))
    weights = numpy_helper.from_array(rng.normal(0, 1, (5, 3)).astype("f4"), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (None, size))
            for name, size in (("x", 5), ("y", 3))]  # fmt: skip
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "net", ends[:1], ends[1:], [weights])
    onnx.save(helper.make_model(graph, ir_version=9), root / "net.onnx")


def _json(path: Path) -> None:
    json.loads(path.read_text())


def _table(path: Path) -> None:
    with path.open(newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert path.read_text().endswith("\n")
    assert len({len(row) for row in rows}) == 1
    assert path.name != "scores.csv" or len(rows) == ROWS


def _sound(path: Path) -> None:
    samples, rate = soundfile.read(path)
    assert path.parent.name == "noisy" or len(samples) == SECONDS * rate


def _image(path: Path) -> None:
    assert path.read_bytes().endswith(b"IEND\xaeB`\x82")


def _text(path: Path) -> None:
    assert path.read_text().endswith("\n")


def _array(path: Path) -> None:
    assert len(np.load(path)) == ROWS


COMPLETE: dict[str, Callable[[Path], object]] = {
    ".wav": _sound,
    ".npy": _array,
    ".npz": load_model,
    ".json": _json,
    ".csv": _table,
    ".png": _image,
    ".md": _text,
}


def check_complete(path: Path) -> None:
    """Raise an error unless a file is a whole output."""
    COMPLETE[path.suffix](path)
