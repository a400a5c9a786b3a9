"""Weight-only integers by torchao: a scale for each row, or for a group of its inputs.

HQQ is half-quadratic quantization, which fits the scales to the weights
(https://dropbox.github.io/hqq_blog). AWQ scales inputs by how large they are on recordings (Lin et
al., 2023, https://arxiv.org/abs/2306.00978): torchao's own search of these factors, here with its
integers of any width, as its packed int4 runs on GPUs only or takes minutes.
"""

from __future__ import annotations

from typing import Any

import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .inputs import layer_inputs
from .peer import Dequantized, near, quietly
from .sequential import linear, sequential

with quietly():
    from torchao.prototype.awq.core import AWQObserver
    from torchao.quantization import IntxWeightOnlyConfig, MappingType, quantize_
    from torchao.quantization.granularity import PerAxis, PerGroup
    from torchao.quantization.quantize_.workflows import IntxChooseQParamsAlgorithm

FACTOR = 4  # bytes of an input's float32 factor
FRAMES = 2048  # of the calibration, for AWQ


def integers(
    model: FloatModel,
    bits: int,
    _: Calibration | None,
    *,
    group: int = 0,
    asymmetric: bool = False,
    hqq: bool = False,
) -> list[Dequantized]:
    """Quantize rows, or groups of about as many inputs as given."""
    with quietly():
        return [
            _quantized(layer.weight, _config(layer, bits, group, asymmetric, hqq))
            for layer in linear(sequential(model))
        ]


def activation_aware(
    model: FloatModel, bits: int, calibration: Calibration | None, *, group: int
) -> list[Dequantized]:
    """Quantize groups of inputs after scaling the inputs by factors found on recordings."""
    assert calibration is not None
    module, found = sequential(model), []
    for layer in linear(module):
        seen = layer_inputs(module, layer, model, calibration)[:FRAMES]
        with quietly(), torch.no_grad():
            config = _config(layer, bits, group, asymmetric=True)
            observer = AWQObserver(layer.weight, layer.bias, config)
            observer(seen, None)
            factors = observer.calculate_qparams()
            values, extra = _quantized(layer.weight * factors, config)
        found.append(Dequantized(values / factors.numpy(), extra + FACTOR * factors.numel()))
    return found


def _config(
    layer: torch.nn.Linear, bits: int, group: int, asymmetric: bool = False, hqq: bool = False
) -> Any:
    algorithms = IntxChooseQParamsAlgorithm
    return IntxWeightOnlyConfig(
        weight_dtype=getattr(torch, f"int{bits}"),
        granularity=PerGroup(near(layer.in_features, group)) if group else PerAxis(0),
        mapping_type=MappingType.ASYMMETRIC if asymmetric else MappingType.SYMMETRIC,
        scale_dtype=torch.float16 if group else None,
        intx_choose_qparams_algorithm=algorithms.HQQ_SCALE_ONLY if hqq else algorithms.AFFINE,
    )


def _quantized(weights: torch.Tensor, config: Any) -> Dequantized:
    """Return a layer; zero points are counted, in the library's int8, if they are not all zero."""
    out, inputs = weights.shape
    module = torch.nn.Sequential(torch.nn.Linear(inputs, out, bias=False))
    module.load_state_dict({"0.weight": weights.detach()})
    quantize_(module, config)
    found: Any = module[0].weight
    extra = found.scale.nbytes + found.zero_point.nbytes * bool(found.zero_point.any())
    return Dequantized(found.dequantize().float().detach().numpy(), extra)
