"""The loops of the compiled lut_mac run as often as the cycle model says, each by itself."""

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from conftest import ROOT
from networks import random_model
from nibblestream import quantize
from nibblestream.geometry import Geometry
from nibblestream.hardware import generate
from nibblestream.hardware.cycles import Block
from nibblestream.hardware.traffic import layers_of, rows_of
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR, RELU, TANH
from nibblestream.network.memory import MEMORY
from nibblestream.network.recurrent import RECURRENT
from plain_networks import REACHES, plain_network

KERNELS = ROOT / "hls" / "kernels"
# DRAIN runs for refused streams only, LOAD_ROWS and SEND_ROWS for networks without spectra.
LOOPS = (
    "LOAD",
    "LOAD_ROWS",
    "LUT",
    "BIAS",
    "MAC",
    "BY_CODE",
    "REMEMBER",
    "KEEP",
    "RECALL",
    "RECUR",
    "SEND",
    "SEND_ROWS",
    "DRAIN",
)
AHEAD = r" *(?:#|//|constexpr ).*\n"  # of what an iteration does
FIRST_LINES = {
    "MODEL": r"model = read_model",
    "LAYER": r"const Layer layer = read_layer",
    **{label: rf"{label}:\n *for .*\{{\n(?:{AHEAD})*" for label in LOOPS},
}


def sources(folder):
    """The core's sources: name to text."""
    paths = (*folder.glob("*.hpp"), folder / "lut_mac_core.cpp")
    return {path.name: path.read_text() for path in paths}


class Compiled(NamedTuple):
    folder: Path
    geometry: Geometry


@pytest.fixture(scope="module", params=["16x8", "32x2-depth1024", "32x16-by-code"])
def counter(request, tmp_path_factory):
    """The compiled kernel, with its sources in a folder; it writes how often each line ran."""
    if not (shutil.which("g++") and shutil.which("gcov")):
        pytest.skip("g++ and gcov count the kernel's iterations: install them")
    folder = tmp_path_factory.mktemp("loops")
    shutil.copytree(KERNELS, folder, dirs_exist_ok=True)
    geometry = Geometry.parse(request.param)
    (folder / generate.HEADER).write_text("\n".join(generate.header(geometry)))
    flags = ["-std=c++17", "-O0", "--coverage", "-w", "-pthread", "-I.", f"-I{ROOT / 'hls/sim'}"]
    files = ["lut_mac_core.cpp", ROOT / "tests" / "count_loops.cpp"]
    subprocess.run(["g++", *flags, *files, "-o", "count_loops"], cwd=folder, check=True)
    return Compiled(folder, geometry)


def iterations(counter, model, frames):
    """Run a block and return how often each loop's body ran."""
    folder = counter.folder
    for old in folder.glob("*.gcda"):
        old.unlink()
    sent = [frames * layout.beats * model.front.raw for layout in model.rows]
    codes = code_stream.beats(model, counter.geometry)
    words = np.concatenate([np.array([frames, *sent], np.uint64), codes])
    stream = words.astype("<u8").tobytes()
    subprocess.run([folder / "count_loops"], input=stream, check=True, cwd=folder)
    (counts,) = folder.glob("*lut_mac_core.gcda")
    command = ["gcov", "--json-format", "--stdout", counts.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    files = {Path(file["file"]).name: file["lines"] for file in json.loads(done.stdout)["files"]}
    found = {}
    for name, text in sources(folder).items():
        lines = {line["line_number"]: line["count"] for line in files.get(name, ())}
        for label, pattern in FIRST_LINES.items():
            for match in re.finditer(pattern, text):
                assert label not in found
                start = text.count("\n", 0, match.end()) + 1
                first = min((line for line in lines if line >= start), default=None)
                found[label] = lines.get(first, 0)  # a loop that is never called is not compiled
    return found


@pytest.mark.parametrize("frames", [1, 8, 9, 32])
@pytest.mark.parametrize("bits", [2, 3, 4, 8, (4, 8, 2)])
def test_the_kernel_iterates_as_often(counter, rng, bits, frames):
    model = random_model(rng, (19, 33), scheme="u", bits=bits)
    expected = Counter()
    for loop in Block(layers_of(model, geometry=counter.geometry), frames).loops:
        expected[loop.label] += loop.iterations
    assert iterations(counter, model, frames) == {**dict.fromkeys(FIRST_LINES, 0), **expected}


@pytest.mark.parametrize("rows", [1, 9, 32])
@pytest.mark.parametrize("reach", REACHES)
def test_the_kernel_iterates_as_often_for_rows(counter, rng, rows, reach):
    """A layer's header takes a clock more for the beat of its activation."""
    model = quantize(plain_network(rng, (37, 19, 33, 5, 21), (RELU, TANH, MEMORY, MEMORY), reach))
    layers = layers_of(model, geometry=counter.geometry)
    expected = Counter()
    for loop in Block(layers, rows, rows_of(model)).loops:
        expected[loop.label] += loop.iterations
    assert expected["LAYER"] == 4 + 3
    expected["LAYER"] = 4
    assert iterations(counter, model, rows) == {**dict.fromkeys(FIRST_LINES, 0), **expected}


@pytest.mark.parametrize("rows", [1, 9, 32])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_the_kernel_iterates_as_often_for_recurrent_layers(counter, rng, rows, bits):
    """Codes are kept once a block, outputs recalled once, and rows multiplied for each frame."""
    widths, cells = (7, 51, 17, 33, 11, 2), (LINEAR, RECURRENT, RELU, RECURRENT, MEMORY)
    model = quantize(plain_network(rng, widths, cells), "u", bits)
    layers = layers_of(model, geometry=counter.geometry)
    expected = Counter()
    for loop in Block(layers, rows, rows_of(model)).loops:
        expected[loop.label] += loop.iterations
    assert expected["RECALL"] == 17 + 11
    lanes = counter.geometry.lanes // (1 + (bits == 8))
    assert expected["RECUR"] == rows * (51 * -(-17 // lanes) + 33 * -(-11 // lanes))
    expected["LAYER"] = 5
    assert iterations(counter, model, rows) == {**dict.fromkeys(FIRST_LINES, 0), **expected}


@pytest.mark.parametrize("label", LOOPS)
def test_each_loop_takes_an_iteration_a_clock(label):
    """As far as the source asks for it: HLS's report has to say so, too."""
    text = "\n".join(sources(KERNELS).values())
    (loop,) = re.finditer(FIRST_LINES[label], text)
    assert "#pragma HLS PIPELINE II = 1" in loop.group()
