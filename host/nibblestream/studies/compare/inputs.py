"""The inputs of a network's layers on calibration recordings, as other libraries take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ...network.float_model import FloatModel
from ...quantize import Calibration

BATCH = 256  # frames; whole recordings for a network with memory


def batches(model: FloatModel, calibration: Calibration) -> Iterator[torch.Tensor]:
    """Yield the first layer's inputs, float32 (n, inputs): frames, or recordings in their order."""
    if model.remembers:
        yield from map(torch.tensor, calibration.sequences(model.front))
    else:
        yield from torch.tensor(calibration.inputs(model.front)).split(BATCH)


def layer_inputs(
    module: torch.nn.Module, layer: torch.nn.Linear, model: FloatModel, calibration: Calibration
) -> torch.Tensor:
    """Return the inputs of one linear layer of a module, float32 (n, inputs).

    Parameters
    ----------
    module : torch.nn.Module
        The network, as `sequential` returns it; layers before this one may be quantized.
    """
    seen: list[torch.Tensor] = []

    def keep(_: torch.nn.Module, given: tuple[Any, ...]) -> None:
        seen.append(given[0].reshape(-1, layer.in_features))

    children = list(module.children())
    first = next(i for i, child in enumerate(children) if layer in child.modules())
    before = torch.nn.Sequential(*children[: first + 1])  # later layers would only take time
    hook = layer.register_forward_pre_hook(keep)
    try:
        with torch.no_grad():
            for batch in batches(model, calibration):
                before(batch)
    finally:
        hook.remove()
    return torch.cat(seen)
