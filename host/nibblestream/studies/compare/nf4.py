"""NF4 by bitsandbytes: quantiles of the normal distribution, one scale per block of 64.

Dettmers et al., *QLoRA: Efficient Finetuning of Quantized LLMs*, 2023,
https://arxiv.org/abs/2305.14314; the scales are not quantized again.
"""

from __future__ import annotations

import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, Float32, quietly

with quietly():
    from bitsandbytes.functional import dequantize_nf4, quantize_nf4

BLOCK = 64
SCALE, TABLE = 4, 16 * 4  # bytes: a block's float32 scale; the table of levels of a layer


def blockwise(model: FloatModel, _: int, __: Calibration | None) -> list[Dequantized]:
    """Quantize the weights of each layer in blocks, in row-major order."""
    with quietly():
        return [_quantized(torch.tensor(weights)) for weights in model.weights]


def _quantized(weights: torch.Tensor) -> Dequantized:
    codes, state = quantize_nf4(weights, blocksize=BLOCK)
    found: Float32 = dequantize_nf4(codes, state).numpy()
    return Dequantized(found, SCALE * state.absmax.numel() + TABLE)
