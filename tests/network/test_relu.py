"""Layers without ReLU: in files, in floating point, as integers, on the kernels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from compiled import assert_same
from networks import float_twin, network, random_spectrum, relus
from nibblestream import quantize, spec
from nibblestream.network.activation import RELU
from nibblestream.network.float_model import FloatModel
from nibblestream.speech.pipeline import Pipeline
from nibblestream.speech.reference import FloatPipeline
from nibblestream.studies.bench.float32 import NumpyFloat32
from slow_integers import pipeline

pytestmark = pytest.mark.numeric

KINDS = [("log2", "gain"), ("magnitude", "magnitude")]


def without(features: str, head: str, relu: tuple[bool, ...] = (False, True, False)) -> FloatModel:
    return replace(network(features, head, (12, 9)), activations=relus(*relu))


def test_networks_have_relu_everywhere_unless_they_say_so() -> None:
    assert network(hidden=(3,)).activations == relus(True, True)
    for name, digest in (("mlp-float", "aac4618f"), ("paper-float", "8e873635")):
        assert FloatModel.load(name).digest.startswith(digest)  # as before there was a choice


def test_files_keep_relu(tmp_path: Any) -> None:
    model = without("log2", "gain")
    model.save(tmp_path / "m.npz")
    loaded = FloatModel.load(tmp_path / "m.npz")
    assert loaded.activations == relus(False, True, False)
    assert loaded.digest == model.digest != replace(model, activations=()).digest
    assert [line.endswith("linear") for line in model.describe().splitlines()[2::2]][:3] == [
        True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("activations", [(RELU,), (RELU,) * 4, (RELU, True, RELU)])
def test_activations_of_other_numbers_and_kinds_are_refused(activations: Any) -> None:
    with pytest.raises(ValueError, match="expected one for each layer"):
        replace(network(hidden=(12, 9)), activations=activations)


@pytest.mark.parametrize(("features", "head"), KINDS)
def test_float_models_let_negative_activations_pass(
    rng: np.random.Generator, features: str, head: str
) -> None:
    model = without(features, head)
    spectrum = rng.normal(0, 0.01, (1, spec.BINS, 2)) @ [1, 1j]
    seen = np.zeros(8 * spec.BINS)  # of the first frame, the floor is the frame itself
    if features == "magnitude":
        seen[-spec.BINS :] = np.abs(spectrum[0])
    (w0, w1, w2), (b0, b1, b2) = model.weights, model.biases
    hidden = np.maximum(w1 @ (w0 @ seen + b0) + b1, 0)
    assert (w0 @ seen + b0).min() < 0
    y = w2 @ hidden + b2
    gain = np.clip(y, 0.1, 1) if head == "gain" else np.maximum(y, 0) / np.abs(spectrum[0])
    for exact in (FloatPipeline(model), NumpyFloat32(model)):
        found = exact.process(spectrum.astype(np.complex64))
        np.testing.assert_allclose(found, gain * spectrum, atol=1e-5)


@pytest.mark.parametrize(("features", "head"), KINDS)
def test_integers_are_the_oracles_and_near_the_floats(
    rng: np.random.Generator, features: str, head: str
) -> None:
    model = quantize(without(features, head))
    assert tuple(layer.activation for layer in model.layers) == relus(False, True, False)
    spectrum = random_spectrum(rng, 9)
    found = Pipeline(model).process(spectrum)
    assert found.tolist() == [[list(b) for b in f] for f in pipeline(model, spectrum.tolist())]
    quiet = rng.normal(0, 2.0**12, (20, spec.BINS, 2)).astype(np.int32)
    floats = spec.SPECTRUM.to_float(quiet) @ [1, 1j]
    exact = FloatPipeline(float_twin(model)).process(floats)
    rounded = spec.SPECTRUM.to_float(Pipeline(model).process(quiet)) @ [1, 1j]
    assert np.abs(rounded - exact).max() < 0.01 * np.abs(exact).max()


@pytest.mark.usefixtures("kernel_cache")
@pytest.mark.parametrize(("features", "head"), KINDS)
def test_kernels_equal_the_emulation(rng: np.random.Generator, features: str, head: str) -> None:
    assert_same(quantize(without(features, head)), random_spectrum(rng, 40), [3, 17])


def test_negative_activations_cannot_saturate(rng: np.random.Generator) -> None:
    """The inputs that drive a neuron lowest, layer by layer, stay inside the words."""
    model = quantize(without("log2", "gain", (False, False, True)))
    low, high = spec.FEATURE.low, spec.FEATURE.high
    worst = np.where(model.layers[0].decoded < 0, high, low).astype(np.int64)  # a row a neuron
    for layer in model.layers[:-1]:
        bias = layer.bias.astype(np.int64) << layer.bias_shift
        worst = (worst @ layer.decoded.T.astype(np.int64) + bias) >> layer.shift
        assert layer.output_format.low < worst.min() < 0
