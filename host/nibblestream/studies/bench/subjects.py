"""Benchmarked networks: each in float32, and quantized to 4 bits, 8 bits, and 4 with 8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...network.float_model import FloatModel
from ...network.model import QuantizedModel, load_model
from ...quantize import quantize


@dataclass(frozen=True)
class Subject:
    """One network in float32 and in its quantized versions.

    Parameters
    ----------
    name : str
    float32 : FloatModel
    codes : sequence of QuantizedModel
    """

    name: str
    float32: FloatModel
    codes: Sequence[QuantizedModel]


def load(models: Sequence[str]) -> list[Subject]:
    """Load models; float models are quantized, quantized models are decoded to float.

    Raises
    ------
    ValueError, FileNotFoundError
        As `load_model` and `quantize` do, or a model is listed twice.
    """
    if len(set(models)) < len(models):
        raise ValueError(f"models are {', '.join(models)}; expected each once")
    short = [Path(model).name.removesuffix(".npz") for model in models]
    count = Counter(short)
    pairs = zip(short, models, strict=True)
    return [_subject(name if count[name] == 1 else model, model) for name, model in pairs]


def _subject(name: str, model: str) -> Subject:
    found = load_model(model)
    if isinstance(found, FloatModel):
        return Subject(name, found, codes_of(found))
    return Subject(name, decoded(found), [found])


def codes_of(model: FloatModel) -> list[QuantizedModel]:
    """Quantize to 4 bits, to 8, and to 4 with 8 in the last layer (the paper's 4-NU/8-U)."""
    few, last = ["rs-vbs"] * (len(model.weights) - 1), len(model.weights) - 1
    models = [quantize(model, "rs-vbs", 4), quantize(model, "u", 8)]
    if last:
        models.append(quantize(model, [*few, "u"], [*[4] * last, 8]))
    return models


def decoded(model: QuantizedModel) -> FloatModel:
    """Return the float model whose weights are the decoded codes."""
    return FloatModel(
        name=f"{model.name} decoded",
        weights=tuple(
            np.float32(2.0**-layer.weight_frac) * layer.decoded.astype(np.float32)
            for layer in model.layers
        ),
        biases=tuple(
            layer.bias_format.to_float(layer.bias).astype(np.float32) for layer in model.layers
        ),
        front=model.front,
        activations=tuple(layer.activation for layer in model.layers),
    )
