"""Activations of 18 bits: what changes, how little the outputs do, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from networks import network, random_spectrum, remembering
from nibblestream import FloatModel, quantize
from nibblestream.geometry import Geometry
from nibblestream.network.activation import LINEAR, RELU, TANH
from nibblestream.network.fit import block_of
from nibblestream.network.front import Plain
from nibblestream.network.lutmac import Network
from nibblestream.network.memory import MEMORY
from nibblestream.network.recurrent import RECURRENT
from nibblestream.speech.pipeline import Pipeline
from plain_networks import plain_network
from slow_integers import layer as slow

NARROW = Geometry.parse("16x8-bits18")


@pytest.mark.parametrize("model", [network(), remembering(np.random.default_rng(1))])
def test_speech(rng, model):
    spectrum = random_spectrum(rng, 20)
    wide, narrow = (quantize(model, activation_bits=bits) for bits in (25, 18))
    assert all(layer.input_format.bits <= 18 for layer in narrow.layers)
    outputs = [Pipeline(each).process(spectrum).astype(float) for each in (wide, narrow)]
    error = np.sqrt(np.mean((outputs[1] - outputs[0]) ** 2) / np.mean(outputs[0] ** 2))
    assert 0 < error < 0.002
    with pytest.raises(ValueError, match="has activations of 25 bits"):
        block_of(wide, NARROW)
    assert block_of(narrow, NARROW) == 32


def test_equals_the_oracle(rng):
    """Biases of 16 bits that are finer than the sums, too."""
    model = plain_network(rng, (6, 9, 7, 4), (RELU, TANH, LINEAR))
    found = quantize(model, "kmeans", activation_bits=18)
    x = rng.integers(-(2**15), 2**15, (20, 6))
    expected = x.tolist()
    for each in found.layers:
        assert each.output_format.bits <= 18
        expected = [slow(row, each) for row in expected]
    assert Network(found).process(x).tolist() == expected


def test_a_gru_and_a_memory(rng):
    model = plain_network(rng, (5, 27, 9, 12, 3), (LINEAR, RECURRENT, MEMORY, LINEAR))
    found = quantize(model, "kmeans", activation_bits=18)
    assert block_of(found, NARROW) > 0


def test_wide_inputs_are_refused():
    model = FloatModel(
        "wide",
        ([[1.0, 1.0]],),
        ([0.0],),
        front=Plain(np.array([1e-3, 1e3])),
        activations=(LINEAR,),
        scaled=False,
    )
    assert quantize(model).layers[0].input_format.bits == 25
    with pytest.raises(ValueError, match="the inputs of wide have 25 bits; expected 18 or fewer"):
        quantize(model, activation_bits=18)
    with pytest.raises(ValueError, match=r"activations of 20 bits: expected one of \(18, 25\)"):
        quantize(model, activation_bits=20)
