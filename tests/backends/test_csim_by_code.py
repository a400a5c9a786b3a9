"""Kernels that add activations by their code: the emulation's bits, to the ends of their words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiled import assert_same
from networks import random_model, random_spectrum, remembering
from nibblestream import quantize
from nibblestream.geometry import Geometry
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.fit import block_of
from nibblestream.network.memory import MEMORY
from plain_networks import plain_network, random_plain, random_rows

pytestmark = pytest.mark.usefixtures("kernel_cache")
BLOCKS = Geometry.parse("16x16-by-code")
SMALL = Geometry.parse("32x2-by-code-block8")  # two memory ports, and a requantiser for all lanes
GEOMETRIES = pytest.mark.parametrize("geometry", [BLOCKS, SMALL], ids=str)


@GEOMETRIES
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 40))
def test_random_networks(geometry, seed, rows, cut):
    """Any activations, memories, GRUs, widths and code widths, in blocks of any size."""
    rng = np.random.default_rng(seed)
    model = random_plain(rng)
    assert_same(model, random_rows(rng, model, rows), [cut], geometry)


@GEOMETRIES
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_speech(rng, geometry, bits):
    """Stacks of frames; memories of odd numbers of units, of which two take a step per clock."""
    stacked = random_model(rng, (33,), scheme="u", bits=bits)
    alone = quantize(remembering(rng, (5, 17, 2)), "u", bits)
    for model in (stacked, alone):
        assert_same(model, random_spectrum(rng, 19), [17], geometry)


@GEOMETRIES
@pytest.mark.parametrize("units", [1, 16, 31, 34, 300])
def test_memories_of_any_size(rng, geometry, units):
    """Those of few units wait for their states."""
    cells = (MEMORY, LINEAR, MEMORY)
    model = quantize(plain_network(rng, (3, units, 4, units + 1), cells), "u", 4)
    assert_same(model, random_rows(rng, model, 9), [4], geometry)


@GEOMETRIES
@pytest.mark.parametrize("inputs", [1, 127, 128, 129, 130, 131])
@pytest.mark.parametrize("outputs", [1, 17])
def test_tiles_of_about_the_length_of_their_drain(rng, geometry, inputs, outputs):
    model = quantize(plain_network(rng, (inputs, outputs), (RELU,)), "u", 4)
    assert_same(model, random_rows(rng, model, 34), [9], geometry)


@pytest.mark.parametrize("bits", [4, 8])
def test_the_widest_layers_with_all_inputs_in_one_bucket(rng, bits):
    """Inputs at both ends of their words: sums of 2048 of them, and other weights' sums of none."""
    model = quantize(plain_network(rng, (2048, 2048), reach="wide"), "u", bits)
    codes = np.tile(np.arange(2048)[:, None] % (1 << bits), 2048).astype(np.uint8)
    model = replace(model, layers=(replace(model.layers[0], codes=codes),))
    word = model.front.input_format
    rows = np.repeat(np.array([[word.low], [word.high], [0], [1]], np.int32), 2048, axis=1)
    rows = np.concatenate([rows, random_rows(rng, model, 12)])
    assert block_of(model, BLOCKS) == len(rows)
    assert_same(model, rows, [0], BLOCKS)
