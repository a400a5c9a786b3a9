"""Palettization by Core ML Tools: k-means, with a look-up table for a layer or a group of rows.

Tables and scales are counted in float16, as the library's converter writes them. SKM is sensitive
k-means, which weights each value by its squared gradient (Kim et al., *SqueezeLLM*, 2023,
https://arxiv.org/abs/2306.07629). The loss used here is the projection of the network's output on
a random direction, so the mean squared gradient equals the curvature of the output's squared error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, near, quietly
from .sequential import linear, named, sequential, weights

with quietly():
    from coremltools.optimize.torch.palettization import (
        PostTrainingPalettizer,
        PostTrainingPalettizerConfig,
        SKMPalettizer,
        SKMPalettizerConfig,
    )

FLOAT16 = 2  # bytes
BATCH, BATCHES = 32, 64  # calibration frames for SKM; whole recordings for a network with memory
SEED = 0


def k_means(
    model: FloatModel, bits: int, _: Calibration | None, **settings: Any
) -> list[Dequantized]:
    """Palettize by k-means of the weights.

    Parameters
    ----------
    settings : dict
        Of the library's configuration of a module, beside the bits. `group_size` is of rows, and
        becomes the nearest divisor of their number, as it has to divide it.
    """
    module = sequential(model)
    with quietly():
        config = PostTrainingPalettizerConfig.from_dict(_configured(module, bits, settings))
        found = PostTrainingPalettizer(module, config).compress()
    return _dequantized(found)


def sensitive(
    model: FloatModel, bits: int, calibration: Calibration | None, **settings: Any
) -> list[Dequantized]:
    """Palettize by sensitive k-means; parameters as for `k_means`."""
    assert calibration is not None
    module = sequential(model)
    with quietly():
        config = SKMPalettizerConfig.from_dict(_configured(module, bits, settings))
        palettizer = SKMPalettizer(module, config)
        found = palettizer.compress(list(_batches(model, calibration)), _loss(model))
        del palettizer  # removes its temporary folder
    return _dequantized(found)


def _configured(module: torch.nn.Module, bits: int, settings: dict[str, Any]) -> dict[str, Any]:
    configs = {}
    for name, layer in named(module):
        configs[name] = {"n_bits": bits, **settings}
        if "group_size" in settings:
            configs[name]["granularity"] = "per_grouped_channel"
            configs[name]["group_size"] = near(layer.out_features, settings["group_size"])
    return {"module_name_configs": configs}


def _batches(model: FloatModel, calibration: Calibration) -> Iterator[torch.Tensor]:
    if model.remembers:
        yield from map(torch.tensor, calibration.sequences(model.front))
        return
    frames = calibration.inputs(model.front)[: BATCH * BATCHES]
    for first in range(0, len(frames), BATCH):
        yield torch.tensor(frames[first : first + BATCH])


def _loss(model: FloatModel) -> Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    limits = model.front.limits

    def loss(module: torch.nn.Module, frames: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = module(frames).clamp(*limits)
        direction = torch.randn(outputs.shape, generator=generator)
        return torch.sum(outputs * direction)

    return loss


def _dequantized(module: torch.nn.Module) -> list[Dequantized]:
    return [Dequantized(_in_float16(layer), _extra(layer)) for layer in linear(module)]


def _in_float16(layer: torch.nn.Linear) -> Any:
    return weights(layer).astype(np.float16).astype(np.float32)


def _extra(layer: torch.nn.Linear) -> int:
    """Return the bytes of a layer's tables and scales, from the library's notes on the layer."""
    found = {name.rsplit("/", 1)[-1]: of.numel() for name, of in layer.named_buffers()}
    eight = "quantization_n_bits" in found  # entries of 8 bits, with a scale for a table
    scales = found.get("quantization_scale", 0) + found.get("palettization_scale", 0)
    return int(found["lut"] * (1 if eight else FLOAT16) + scales * FLOAT16)
