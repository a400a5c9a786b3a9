"""Quantization of a whole network: codes, LUTs, biases and the formats of all activations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from ..network.float_model import FloatModel
from ..network.front import Plain
from ..network.model import QuantizedModel
from ..network.scheme import CALIBRATED, NAMES, Scheme
from .best import best, candidates
from .budget import check_budget, choose_bits
from .calibrated import Student
from .coded_layer import CodedLayer, Unit, Words
from .data import Data, Given, checked, divided, fitted, probe, rows
from .distil import distil
from .rescale import rescale
from .sensitivity import Sensitivity
from .teacher import Teacher
from .weights import check_range, quantize_weights

DATA_FREE = "kmeans"  # the scheme of auto without calibration


def quantized(
    model: FloatModel,
    given: Mapping[str, Any],
    calibration: Given | None,
    budget: int | None,
) -> QuantizedModel:
    """Quantize a network; `given` holds the fields of `Scheme`, one value or one for each layer."""
    if not isinstance(model, FloatModel):
        raise TypeError(f"found a {type(model).__name__}; expected a FloatModel to quantize")
    count = len(model.weights)
    columns = {key: _per_layer(value, count, key) for key, value in given.items()}
    if not model.scaled:
        _check_weights(model)
    data = None if calibration is None else checked(calibration, model)
    narrow = [name for name, n in zip(columns["name"], columns["bits"], strict=True) if n != 8]
    _check_calibration(model, narrow, data, budget)
    source, front = model, model.front
    if data is None:
        columns["name"] = [DATA_FREE if name == "auto" else name for name in columns["name"]]
    if isinstance(model.front, Plain) and model.scaled:
        front = fitted(model, data)
        source, data = divided(model, data, front)
    if budget is not None:
        assert data is not None
        columns["bits"] = _bits_within(source, columns, budget, data)
        columns["name"] = [
            "u-vbs" if n == 8 else name
            for n, name in zip(columns["bits"], columns["name"], strict=True)
        ]
    schemes = [_scheme(columns, i) for i in range(count)]
    front = front.in_integers()
    return replace(_best(source, schemes, data), front=front, origin=model.digest)


def _best(model: FloatModel, schemes: list[Scheme], data: Data | None) -> QuantizedModel:
    every = list(candidates(schemes))
    if data is None or len(every) == 1:
        return _quantize(model, schemes, data)
    return best(_possible(model, every, data), Teacher(model, data))


def _possible(model: FloatModel, every: list[list[Scheme]], data: Data) -> Iterator[QuantizedModel]:
    """Yield the network by each choice of schemes; one that does not fit may be left out."""
    failed: list[ValueError] = []
    for schemes in every:
        try:
            yield _quantize(model, schemes, data)
        except ValueError as error:
            failed.append(error)
    if len(failed) == len(every):
        raise failed[0]


def _quantize(model: FloatModel, schemes: list[Scheme], data: Data | None) -> QuantizedModel:
    student = None
    source = model
    if data is not None and any(scheme.calibrated for scheme in schemes):
        student = Student(model, data)
        if any(scheme.name == "auto" for scheme in schemes):
            source = rescale(model, student.teacher.errors(), [scheme.bits for scheme in schemes])
            student = Student(source, data)
    seen = probe(model) if data is None else rows(data, model)
    words, coded = Words(source, seen), []
    for i, scheme in enumerate(schemes):
        with _naming(i):
            layer = _encode(source, i, scheme, words.unit(scheme), student)
            words.append(layer)
        coded.append(layer)
    tuned = [i for i, scheme in enumerate(schemes) if scheme.name in ("distil", "auto")]
    if student is not None and tuned:
        words = Words(source, seen)
        for i, layer in enumerate(distil(coded, student.teacher, tuned)):
            with _naming(i):
                words.append(layer)
    return words.model()


@contextmanager
def _naming(i: int) -> Iterator[None]:
    """Put the number of the layer before a ValueError's message."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"layer {i}: {error}") from error


def _encode(
    model: FloatModel, i: int, scheme: Scheme, unit: Unit, student: Student | None
) -> CodedLayer:
    if scheme.calibrated:
        assert student is not None
        coded = student.encode(scheme, unit)
    else:
        weights = np.ldexp(model.weights[i], -unit.exponent)
        done = quantize_weights(weights, scheme, unit.k_max)
        bias = unit.bias_format.from_float(model.biases[i])
        kind = (unit.exponent, unit.bias_format)
        coded = CodedLayer(done.codes, done.lut, done.k, done.scheme, bias, *kind)
    if student is not None:
        student.append(coded)
    return coded


def _bits_within(
    model: FloatModel, columns: dict[str, Sequence[Any]], budget: int, data: Data
) -> list[int]:
    """Choose widths within a budget; for speed, gptq stands in for the slower schemes after it."""
    shapes = [(len(weights), weights.shape[1]) for weights in model.weights]
    check_budget(shapes, budget)
    sensitivity = Sensitivity(model, data)

    def error(i: int, bits: int) -> float:
        name = "u-vbs" if bits == 8 else columns["name"][i]
        scheme = _scheme({**columns, "name": [name] * len(shapes), "bits": [bits] * len(shapes)}, i)
        if scheme.calibrated and scheme.name != "fisher":
            scheme = replace(scheme, name="gptq")
        return sensitivity.error(i, scheme)

    return choose_bits(shapes, budget, error)


def _scheme(columns: dict[str, Sequence[Any]], i: int) -> Scheme:
    given = {key: column[i] for key, column in columns.items()}
    name = given["name"]
    if given["bits"] == 8 and name in NAMES and not name.startswith("u"):  # there is no table
        given["name"] = "u" if name.startswith("rs") and not given["k"] else "u-vbs"
    try:
        return Scheme(**given)
    except (TypeError, ValueError) as error:
        raise type(error)(f"layer {i}: {error}") from error


def _check_weights(model: FloatModel) -> None:
    for i, (weights, biases) in enumerate(zip(model.weights, model.biases, strict=True)):
        for values, what in ((weights, "weights"), (biases, "biases")):
            check_range(values.astype(np.float64), f"layer {i}: {what}")


def _check_calibration(
    model: FloatModel, names: Sequence[str], data: Data | None, budget: int | None
) -> None:
    needing = [name for name in names if name in CALIBRATED and name != "auto"]
    if budget is not None:
        needing.append("a budget")
    if data is None and needing:
        otherwise = "give bits" if budget is not None else "use kmeans or rs-vbs"
        kind = "rows of inputs" if isinstance(model.front, Plain) else "recordings of noisy speech"
        raise ValueError(
            f"{needing[0]} needs calibration ({kind}, like those that the network will be given): "
            f"give it, or {otherwise}"
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
