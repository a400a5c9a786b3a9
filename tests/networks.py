"""Untrained networks of the paper's kind, their float twins, and spectra to feed them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from nibblestream import QuantizedModel, quantize, spec
from nibblestream.network.activation import (
    LINEAR,
    RELU,
    SIGMOID,
    TANH,
    Activation,
    clip,
    leaky,
)
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.network.memory import MEMORY
from nibblestream.speech.front import INPUTS, Speech

ACTIVATIONS = (
    LINEAR, RELU, clip(0, 6), clip(-1, 1), clip(-np.inf, 3), leaky(1 / 128), leaky(0.5), SIGMOID,
    TANH,
)  # fmt: skip


def network(
    features: str = "log2", head: str = "gain", hidden: tuple[int, ...] = (256,), seed: int = 7
) -> FloatModel:
    """A network of the paper's kind with random, peaked weights."""
    rng = np.random.default_rng(seed)
    widths = (INPUTS, *hidden, spec.BINS)
    pairs = list(pairwise(widths))
    return FloatModel(
        name="random",
        weights=tuple(
            rng.laplace(0, 0.8 * n**-0.5, (out, n)).clip(-0.99, 0.99) for n, out in pairs
        ),
        biases=tuple(rng.uniform(-0.3, 0.6, out) for _, out in pairs),
        front=Speech(features, head, 0.1),
        training={"seed": seed, 1: (2, 3)},
    )


def remembering(
    rng: np.random.Generator,
    units: tuple[int, ...] = (9, 5),
    *,
    features: str = "log2",
    head: str = "gain",
    window: int = spec.FFT,
    context: int = 1,
) -> FloatModel:
    """A network for speech of a ReLU layer, layers with memory and a linear layer."""
    inputs, first = context * spec.BINS, units[0] + 2
    shapes = [(first, inputs)]
    shapes += [(3 * count, n) for count, n in zip(units, (first, *units), strict=False)]
    shapes += [(spec.BINS, units[-1])]
    return FloatModel(
        "remembers",
        tuple(rng.normal(0, 1.5 * n**-0.5, (out, n)) for out, n in shapes),
        tuple(rng.normal(0.1, 0.4, out) for out, _ in shapes),
        Speech(features, head, 0.1, window, context),
        activations=(RELU, *[MEMORY] * len(units), LINEAR),
        scaled=True,
    )


def plain(
    rng: np.random.Generator,
    widths: tuple[int, ...],
    activations: tuple[Activation, ...] = (),
    *,
    scale: float = 1.0,
    bias: float = 0.1,
    front: Plain | None = None,
) -> FloatModel:
    """A scaled network without speech around it, with heavy-tailed weights."""
    pairs = list(pairwise(widths))
    weights = [scale * n**-0.5 * rng.standard_t(4, (out, n)) for n, out in pairs]
    return FloatModel(
        name="plain",
        weights=tuple(weights),
        biases=tuple(scale * bias * rng.normal(0, 1, out) for _, out in pairs),
        front=front or Plain(),
        activations=activations,
        scaled=True,
    )


def random_model(
    rng: np.random.Generator,
    hidden: tuple[int, ...] = (16,),
    *,
    features: str = "log2",
    head: str = "gain",
    **scheme: Any,
) -> QuantizedModel:
    """A small quantized network."""
    return quantize(network(features, head, hidden, int(rng.integers(2**32))), **scheme)


def float_twin(model: QuantizedModel) -> FloatModel:
    """The float model with exactly the weights that the codes stand for."""
    first, *rest = (layer.decoded * 2.0**-layer.weight_frac for layer in model.layers)
    return FloatModel(
        name=f"{model.name} decoded",
        weights=(first / model.front.scale(model.inputs), *rest),
        biases=tuple(layer.bias_format.to_float(layer.bias) for layer in model.layers),
        front=model.front,
        activations=tuple(layer.activation for layer in model.layers),
    )


def relus(*flags: bool) -> tuple[Activation, ...]:
    """ReLU, or none, after each layer."""
    return tuple(RELU if flag else LINEAR for flag in flags)


def random_spectrum(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Spectra whose level wanders over the whole range, with a few extremes."""
    level = 2.0 ** np.cumsum(rng.normal(12, 3, (frames, 1, 1)) - 12, axis=0) * 2**12
    spectrum = rng.normal(0, 1, (frames, spec.BINS, 2)) * level
    extreme = rng.random(spectrum.shape) < 0.02
    spectrum[extreme] = rng.choice([spec.SPECTRUM.low, spec.SPECTRUM.high, 0], extreme.sum())
    return np.clip(np.round(spectrum), spec.SPECTRUM.low, spec.SPECTRUM.high).astype(np.int32)
