"""GPTQ by Core ML Tools: integers with a scale for each row, fitted to the layer's outputs.

Frantar et al., *GPTQ*, 2023, https://arxiv.org/abs/2210.17323. Scales are counted in float16, as
the library's converter writes them. It has no codes of 2 bits.
"""

from __future__ import annotations

import numpy as np

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .inputs import batches
from .peer import Dequantized, quietly
from .sequential import linear, sequential, weights

with quietly():
    from coremltools.optimize.torch.layerwise_compression import (
        LayerwiseCompressor,
        LayerwiseCompressorConfig,
    )

SCALE = 2  # bytes of a float16; symmetric, so no zero point is needed


def by_row(model: FloatModel, bits: int, calibration: Calibration | None) -> list[Dequantized]:
    """Quantize with the library's defaults."""
    assert calibration is not None
    given = list(batches(model, calibration))
    settings = {
        "global_config": {"algorithm": "gptq", "weight_dtype": f"uint{bits}"},
        "calibration_nsamples": len(given),
    }
    with quietly():
        config = LayerwiseCompressorConfig.from_dict(settings)
        found = LayerwiseCompressor(sequential(model), config).compress(given, device="cpu")
    values = (weights(layer).astype(np.float16).astype(np.float32) for layer in linear(found))
    return [Dequantized(of, SCALE * len(of)) for of in values]
