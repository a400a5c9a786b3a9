"""Palettization by Core ML Tools: k-means per layer, with a look-up table of 8-bit integers.

SKM is sensitive k-means, which weights each value by its squared gradient (Kim et al.,
*SqueezeLLM*, 2023, https://arxiv.org/abs/2306.07629). The loss used here is the projection of the
network's output on a random direction, so the mean squared gradient equals the curvature of the
output's squared error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration
from .peer import Dequantized, quietly
from .sequential import linear, sequential, weights

with quietly():
    from coremltools.optimize.torch.palettization import (
        PostTrainingPalettizer,
        PostTrainingPalettizerConfig,
        SKMPalettizer,
        SKMPalettizerConfig,
    )

ENTRY, SCALE = 1, 4  # bytes: an int8 entry; a table's float32 scale
BATCH, BATCHES = 32, 64  # calibration frames for SKM; whole recordings for a network with memory
SEED = 0


def k_means(model: FloatModel, bits: int, _: Calibration | None) -> list[Dequantized]:
    """Palettize by k-means of the weights."""
    with quietly():
        config = PostTrainingPalettizerConfig.from_dict(_settings(bits))
        found = PostTrainingPalettizer(sequential(model), config).compress()
    return _dequantized(found, bits)


def sensitive(model: FloatModel, bits: int, calibration: Calibration | None) -> list[Dequantized]:
    """Palettize by sensitive k-means."""
    assert calibration is not None
    with quietly():
        config = SKMPalettizerConfig.from_dict(_settings(bits))
        palettizer = SKMPalettizer(sequential(model), config)
        found = palettizer.compress(list(_batches(model, calibration)), _loss(model))
        del palettizer  # removes its temporary folder
    return _dequantized(found, bits)


def _settings(bits: int) -> dict[str, Any]:
    settings = {"n_bits": bits, "lut_dtype": torch.int8, "granularity": "per_tensor"}
    return {"global_config": settings}


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


def _dequantized(module: torch.nn.Module, bits: int) -> list[Dequantized]:
    return [Dequantized(weights(layer), (ENTRY << bits) + SCALE) for layer in linear(module)]
