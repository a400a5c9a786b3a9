"""Kernels of other geometries: the emulation's bits, from one memory port or two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiled import assert_same
from networks import random_model, random_spectrum, remembering
from nibblestream import quantize
from nibblestream.backends import connect
from nibblestream.backends.csim import CSimulation
from nibblestream.geometry import DEFAULT, Geometry
from nibblestream.network.activation import LINEAR
from nibblestream.network.fit import block_of
from nibblestream.network.recurrent import RECURRENT
from plain_networks import plain_network, random_plain, random_rows

pytestmark = pytest.mark.usefixtures("kernel_cache")
TWO_PORTS, SMALL = Geometry.parse("32x8"), Geometry.parse("16x2-block8-kept0")
GEOMETRIES = pytest.mark.parametrize("geometry", [TWO_PORTS, SMALL], ids=str)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 40))
def test_random_networks_from_two_ports(seed, rows, cut):
    """Any activations, memories, GRUs, widths and code widths, in blocks of any size."""
    rng = np.random.default_rng(seed)
    model = random_plain(rng)
    assert_same(model, random_rows(rng, model, rows), [cut], TWO_PORTS)


@GEOMETRIES
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("features", ["log2", "magnitude"])
def test_speech(rng, geometry, bits, features):
    """Stacks of frames, whose places lie in fewer frame lanes than there are; single frames."""
    stacked = random_model(rng, (33,), features=features, scheme="u", bits=bits)
    alone = quantize(remembering(rng, (5, 17), features=features), "u", bits)
    for model in (stacked, alone):
        assert_same(model, random_spectrum(rng, 19), [11], geometry)


def test_narrow_memories_refuse_wide_activations(rng):
    """18 bits hold features and gains, but not hidden activations of 25, nor magnitudes."""
    narrow = Geometry.parse("16x8-bits18")
    fits = random_model(rng, ())
    assert_same(fits, random_spectrum(rng, 9), [4], narrow)
    for model in (random_model(rng, (9,)), random_model(rng, (), features="magnitude")):
        with pytest.raises(ValueError, match="has activations of 25 bits; geometry 16x8-bits18"):
            CSimulation(model, narrow)


def test_a_geometry_without_recurrent_layers_names_the_layer(rng):
    model = quantize(plain_network(rng, (5, 27, 9), (LINEAR, RECURRENT)), "u", 4)
    with pytest.raises(ValueError, match=r"layer 1 .* recurrent, with 27 beats .*-kept0 keeps 0"):
        block_of(model, SMALL)


def test_the_emulation_has_no_kernels(rng):
    with pytest.raises(ValueError, match="'emu' has no kernels"):
        connect("emu", random_model(rng), DEFAULT)
