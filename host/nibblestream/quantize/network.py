"""A trained network to a quantized one: codes, LUTs, biases and the formats of every word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import formats, spec
from ..fixed import QFormat
from ..float_model import FloatModel
from ..layer import QuantizedLayer
from ..lut import decode
from ..model import QuantizedModel
from ..scheme import Scheme
from ..topology import FEATURES, HEADS
from .weights import check_range, quantize_weights

Float32 = npt.NDArray[np.float32]


def quantize(
    model: FloatModel,
    scheme: str | Sequence[str] = "rs-vbs",
    bits: int | Sequence[int] = 4,
    *,
    m: int | Sequence[int] = spec.MANTISSA_BITS,
    k: int | Sequence[int | None] | None = None,
    ratio: float | Sequence[float] = 1.0,
    p_start: float | Sequence[float] = 0.04,
    p_stop: float | Sequence[float] = 0.96,
) -> QuantizedModel:
    """Quantize a trained network (paper, section 2); biases become 8-bit uniform.

    Every parameter is one value for all layers or a sequence with one for each, as in
    ``quantize(model, ("rs-vbs", "u"), (4, 8))``, the paper's 4-NU/8-U.

    Parameters
    ----------
    model : FloatModel
        Weights and biases within +-1.
    scheme : str
        "u", "u-vbs", "rs" or "rs-vbs".
    bits : int
        n, the width of a code: 2, 3, 4, or 8 (uniform schemes only).
    m : int
        Width of a LUT entry, `bits` to 8.
    k : int, optional
        Virtual bit shift; None finds the largest that the weights and the accumulator allow.
    ratio : float
        Internal over external intervals.
    p_start, p_stop : float
        Where the internal partition begins and ends in the weights' distribution.

    Returns
    -------
    QuantizedModel

    Raises
    ------
    TypeError
        The model is no FloatModel, or bits, m or k is not a whole number.
    ValueError
        A parameter out of range or not one for each layer; weights beyond +-1; an accumulator
        that could overflow. The layer is named.
    """
    if not isinstance(model, FloatModel):
        raise TypeError(f"found a {type(model).__name__}; expected a FloatModel to quantize")
    count = len(model.weights)
    names = _per_layer(scheme, count, "scheme")
    given: dict[str, Any] = {"bits": bits, "m": m, "k": k}
    given.update(ratio=ratio, p_start=p_start, p_stop=p_stop)
    columns = {key: _per_layer(value, count, key) for key, value in given.items()}
    word, norm = FEATURES[model.features], formats.input_norm(model.features)
    layers: list[QuantizedLayer] = []
    for i, (weights, biases) in enumerate(zip(model.weights, model.biases, strict=True)):
        head = HEADS[model.head] if i == count - 1 else None
        try:
            of_layer = Scheme(names[i], **{key: column[i] for key, column in columns.items()})
            layer, norm = _layer(weights, biases, of_layer, word, norm, head)
        except (TypeError, ValueError) as error:
            raise type(error)(f"layer {i}: {error}") from error
        word = layer.output_format
        layers.append(layer)
    floor = int(spec.GAIN.from_float(model.gain_floor))
    kind = (model.features, model.head, floor)
    return QuantizedModel(model.name, tuple(layers), *kind, origin=model.digest)


def _layer(
    weights: Float32,
    biases: Float32,
    scheme: Scheme,
    word: QFormat,
    norm: float,
    head: QFormat | None,
) -> tuple[QuantizedLayer, float]:
    """Quantize one layer for inputs in `word`, no longer than `norm`; bound its output's length."""
    limit = formats.largest_shift_that_fits(weights.shape[1], word, scheme)
    done = quantize_weights(weights, scheme, limit)
    check_range(biases.astype(np.float64), "biases")
    bias = spec.BIAS.from_float(biases)
    frac = scheme.m - 1 + done.k
    bounds = formats.output_bounds(
        decode(done.codes, done.lut) * 2.0**-frac, spec.BIAS.to_float(bias), norm
    )
    output = head or formats.hidden_format(float(bounds.max()), word.frac + frac)
    layer = QuantizedLayer(done.codes, done.lut, done.k, scheme, bias, word, output)
    return layer, float(np.linalg.norm(bounds))


def _per_layer(value: Any, count: int, name: str) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} has {len(value)} values, the model {count} layers: give one each")
    return value
