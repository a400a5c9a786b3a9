"""Weight-only integer quantization by optimum-quanto: a scale and a shift per group of inputs.

A group is the largest of 128, 96, 64 or 32 inputs that divides a row, else the whole row.
Its HQQ is left out: it unpacks codes with an extension that is compiled at first use.
"""

from __future__ import annotations

import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, Float32, quietly

with quietly():
    from optimum.quanto import MaxOptimizer, qint2, qint4
    from optimum.quanto.nn import QLinear
    from optimum.quanto.tensor import ungroup

FACTORS = 2 * 4  # bytes of a group's float32 scale and shift
TYPES = {2: qint2, 4: qint4}


def grouped(model: FloatModel, bits: int, _: Calibration | None) -> list[Dequantized]:
    """Quantize each group uniformly between its smallest and largest weight."""
    with quietly():
        return [_quantized(torch.tensor(weights), bits) for weights in model.weights]


def _quantized(weights: torch.Tensor, bits: int) -> Dequantized:
    kind, (out, inputs) = TYPES[bits], weights.shape
    size = QLinear(inputs, out, weights=kind).weight_group_size
    how = {"axis": 0, "group_size": size}
    scale, shift = MaxOptimizer()(weights, qtype=kind, **how)
    # The unpacked codes: unpacking needs an extension that is compiled at first use.
    codes = torch.ops.quanto.quantize_affine(weights, bits=bits, scale=scale, shift=shift, **how)
    values = ungroup(codes * scale - shift, axis=0, orig_shape=weights.shape)
    found: Float32 = values.reshape(weights.shape).numpy()
    return Dequantized(found, FACTORS * scale.numel())
