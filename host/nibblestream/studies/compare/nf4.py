"""NF4 by bitsandbytes: quantiles of the normal distribution, one scale per block of weights.

Dettmers et al., *QLoRA: Efficient Finetuning of Quantized LLMs*, 2023,
https://arxiv.org/abs/2305.14314. By default the scales are quantized again, to 8 bits.
"""

from __future__ import annotations

import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, Float32, quietly

with quietly():
    from bitsandbytes.functional import dequantize_nf4, quantize_nf4

OFFSET = 4  # bytes of the float32 that is added to scales that are quantized again


def blockwise(
    model: FloatModel, _: int, __: Calibration | None, *, block: int = 64, double: bool = True
) -> list[Dequantized]:
    """Quantize the weights of each layer in blocks, in row-major order.

    Parameters
    ----------
    double : bool
        Whether the blocks' scales are quantized, too, as `bitsandbytes.nn.Linear4bit` does.
    """
    with quietly():
        return [_quantized(torch.tensor(weights), block, double) for weights in model.weights]


def _quantized(weights: torch.Tensor, block: int, double: bool) -> Dequantized:
    codes, state = quantize_nf4(weights, blocksize=block, compress_statistics=double)
    found: Float32 = dequantize_nf4(codes, state).numpy()
    stored = [of for of in state.as_dict().values() if isinstance(of, torch.Tensor)]
    return Dequantized(found, sum(of.nbytes for of in stored) + OFFSET * double)
