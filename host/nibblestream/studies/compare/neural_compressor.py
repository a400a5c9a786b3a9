"""GPTQ by Intel's Neural Compressor: integers fitted to the layer's outputs, best settings.

Frantar et al., *GPTQ*, 2023, https://arxiv.org/abs/2210.17323. The library's entry point expects a
transformer, so its class for one layer is called for each layer in turn, on the outputs of the
quantized layers before. Scales are counted in float16 and zero points in the width of a code, as
its packed format keeps them.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

import numpy as np
import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .inputs import layer_inputs
from .peer import Dequantized, Float32, near, quietly
from .sequential import linear, sequential

with quietly(), TemporaryDirectory() as directory:
    from neural_compressor.common import set_workspace

    # Loaded later, this module would make the library's default folder, in the working directory.
    set_workspace(directory)
    import neural_compressor.torch.algorithms.layer_wise  # noqa: F401
    from neural_compressor.torch.algorithms.weight_only.gptq import GPTQ

SCALE = 2  # bytes of a float16


def gptq(
    model: FloatModel, bits: int, calibration: Calibration | None, *, group: int = 0
) -> list[Dequantized]:
    """Quantize rows, or groups of about as many inputs as given.

    With zero points, ranges of least squared error and inputs in falling order of their energy.
    """
    assert calibration is not None
    module, found = sequential(model), []
    for layer in linear(module):
        seen = layer_inputs(module, layer, model, calibration)
        size = near(layer.in_features, group) if group else -1
        with quietly(), torch.no_grad():
            layer.weight.copy_(_quantized(layer, seen, bits, size))
        groups = layer.out_features * (layer.in_features // size if group else 1)
        extra = SCALE * groups + -(-bits * groups // 8)
        found.append(Dequantized(_in_float16(layer.weight), extra))
    return found


def _quantized(layer: torch.nn.Linear, seen: torch.Tensor, bits: int, size: int) -> torch.Tensor:
    algorithm = GPTQ(layer, layer.weight)
    settings = {"bits": bits, "sym": False, "mse": True, "perchannel": True, "dtype": "int"}
    unused = {"use_double_quant": False, "double_quant_sym": False, "double_quant_dtype": "int"}
    algorithm.quantizer.configure({**settings, **unused, "group_size": size})
    algorithm.add_batch(seen, None)
    grouped = size > 0
    found: torch.Tensor = algorithm.fasterquant(
        layer.weight.clone(), groupsize=size, act_order=True, static_groups=grouped
    )[-1]
    return found


def _in_float16(weights: torch.Tensor) -> Float32:
    return weights.detach().numpy().astype(np.float16).astype(np.float32)
