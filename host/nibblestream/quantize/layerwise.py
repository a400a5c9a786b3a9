"""Quantization of a whole network: codes, LUTs, biases and the formats of all activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import spec
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from ..network.scheme import CALIBRATED, Scheme
from .budget import check_budget, choose_bits
from .calibrated import Student
from .calibration import Calibration
from .coded_layer import CodedLayer, Words
from .distil import distil
from .rescale import rescale
from .sensitivity import Sensitivity
from .weights import check_range, quantize_weights

DATA_FREE = "kmeans"  # the scheme of auto without calibration


def quantized(
    model: FloatModel, given: Mapping[str, Any], calibration: Calibration | None, budget: int | None
) -> QuantizedModel:
    """Quantize a network; `given` holds the fields of `Scheme`, one value or one for each layer."""
    if not isinstance(model, FloatModel):
        raise TypeError(f"found a {type(model).__name__}; expected a FloatModel to quantize")
    count = len(model.weights)
    columns = {key: _per_layer(value, count, key) for key, value in given.items()}
    _check_weights(model)
    _check_calibration(columns["name"], calibration, budget)
    if calibration is None:
        columns["name"] = [DATA_FREE if name == "auto" else name for name in columns["name"]]
    if budget is not None:
        assert calibration is not None
        columns["bits"] = _bits_within(model, columns, budget, calibration)
        wide = [n == 8 for n in columns["bits"]]
        columns["name"] = ["u-vbs" if w else n for n, w in zip(columns["name"], wide, strict=True)]
    schemes = [_scheme(columns, i) for i in range(count)]
    return _quantize(model, schemes, calibration)


def _quantize(
    model: FloatModel, schemes: list[Scheme], calibration: Calibration | None
) -> QuantizedModel:
    student = None
    source = model
    if calibration is not None and any(scheme.calibrated for scheme in schemes):
        student = Student(model, calibration)
        if any(scheme.name == "auto" for scheme in schemes):
            source = rescale(model, student.teacher.errors(), [scheme.bits for scheme in schemes])
            student = Student(source, calibration)
    words, coded = Words(source), []
    for i, scheme in enumerate(schemes):
        try:
            layer = _encode(source, i, scheme, words.largest_shift(scheme), student)
            words.append(layer)
        except ValueError as error:
            raise ValueError(f"layer {i}: {error}") from error
        coded.append(layer)
    tuned = [i for i, scheme in enumerate(schemes) if scheme.name in ("distil", "auto")]
    if student is not None and tuned:
        words = Words(source)
        for layer in distil(coded, student.teacher, tuned):
            words.append(layer)
    return replace(words.model(), origin=model.digest)


def _encode(
    model: FloatModel, i: int, scheme: Scheme, k_max: int, student: Student | None
) -> CodedLayer:
    if scheme.calibrated:
        assert student is not None
        coded = student.encode(scheme, k_max)
    else:
        done = quantize_weights(model.weights[i], scheme, k_max)
        bias = spec.BIAS.from_float(model.biases[i])
        coded = CodedLayer(done.codes, done.lut, done.k, done.scheme, bias)
    if student is not None:
        student.append(coded)
    return coded


def _bits_within(
    model: FloatModel, columns: dict[str, Sequence[Any]], budget: int, calibration: Calibration
) -> list[int]:
    """Choose widths within a budget; for speed, gptq stands in for the slower schemes after it."""
    shapes = [(len(weights), weights.shape[1]) for weights in model.weights]
    check_budget(shapes, budget)
    sensitivity = Sensitivity(model, calibration)

    def error(i: int, bits: int) -> float:
        name = "u-vbs" if bits == 8 else columns["name"][i]
        scheme = _scheme({**columns, "name": [name] * len(shapes), "bits": [bits] * len(shapes)}, i)
        if scheme.calibrated and scheme.name != "fisher":
            scheme = replace(scheme, name="gptq")
        return sensitivity.error(i, scheme)

    return choose_bits(shapes, budget, error)


def _scheme(columns: dict[str, Sequence[Any]], i: int) -> Scheme:
    try:
        return Scheme(**{key: column[i] for key, column in columns.items()})
    except (TypeError, ValueError) as error:
        raise type(error)(f"layer {i}: {error}") from error


def _check_weights(model: FloatModel) -> None:
    for i, (weights, biases) in enumerate(zip(model.weights, model.biases, strict=True)):
        for values, what in ((weights, "weights"), (biases, "biases")):
            check_range(values.astype(np.float64), f"layer {i}: {what}")


def _check_calibration(
    names: Sequence[str], calibration: Calibration | None, budget: int | None
) -> None:
    needing = [name for name in names if name in CALIBRATED and name != "auto"]
    if budget is not None:
        needing.append("a budget")
    if calibration is None and needing:
        otherwise = "give bits" if budget is not None else "use kmeans or rs-vbs"
        raise ValueError(
            f"{needing[0]} needs calibration (recordings of noisy speech like those the network "
            f"will enhance): give it, or {otherwise}"
        )
    if calibration is not None and not isinstance(calibration, Calibration):
        raise TypeError(
            f"calibration is a {type(calibration).__name__}; expected a Calibration of recordings"
        )


def _per_layer(value: Any, count: int, name: str) -> Sequence[Any]:
    name = "scheme" if name == "name" else name
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} has {len(value)} values, the model {count} layers: give one value, or one for "
            "each layer"
        )
    return value
