"""Weight-only integers by optimum-quanto: a scale and a shift for each group of inputs.

Its groups are of 128 inputs, or 96, 64 or 32, where those divide a row; else a row is a group.
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
    """Quantize between each group's least and largest weight."""
    with quietly():
        return [_quantized(torch.tensor(weights), bits) for weights in model.weights]


def _quantized(weights: torch.Tensor, bits: int) -> Dequantized:
    kind, (out, inputs) = TYPES[bits], weights.shape
    size = QLinear(inputs, out, weights=kind).weight_group_size
    how = {"axis": 0, "group_size": size}
    scale, shift = MaxOptimizer()(weights, qtype=kind, **how)
    # Codes before they are packed: to unpack them takes an extension that is compiled when used.
    codes = torch.ops.quanto.quantize_affine(weights, bits=bits, scale=scale, shift=shift, **how)
    values = ungroup(codes * scale - shift, axis=0, orig_shape=weights.shape)
    found: Float32 = values.reshape(weights.shape).numpy()
    return Dequantized(found, FACTORS * scale.numel())
