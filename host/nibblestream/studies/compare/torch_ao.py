"""Weight-only integer quantization by torchao: a scale per group of 32 inputs.

torchao's packed int4 runs on GPUs only; this is the same arithmetic on a CPU. A row must be a
whole number of groups, so rows are padded with zeros, whose codes and scales are stored, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, Float32, quietly

with quietly():
    from torchao.quantization import IntxWeightOnlyConfig, quantize_
    from torchao.quantization.granularity import PerGroup

GROUP = 32
SCALE = 4  # bytes of a float32; symmetric, so no zero point is stored


def grouped(model: FloatModel, bits: int, _: Calibration | None) -> list[Dequantized]:
    """Quantize each group symmetrically."""
    with quietly():
        return [_quantized(weights, bits) for weights in model.weights]


def _quantized(weights: Float32, bits: int) -> Dequantized:
    count = weights.shape[1]
    padded = np.pad(weights, ((0, 0), (0, -count % GROUP)))
    module = torch.nn.Sequential(torch.nn.Linear(padded.shape[1], len(padded), bias=False))
    module.load_state_dict({"0.weight": torch.tensor(padded)})
    dtype = getattr(torch, f"int{bits}")
    quantize_(module, IntxWeightOnlyConfig(weight_dtype=dtype, granularity=PerGroup(GROUP)))
    found: Any = module[0].weight
    values: Float32 = found.dequantize().detach().numpy()[:, :count].copy()
    padding = (padded.size * bits + 7) // 8 - (weights.size * bits + 7) // 8
    return Dequantized(values, padding + SCALE * found.scale.numel())
