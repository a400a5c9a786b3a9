"""Convert a float model to and from `torch.nn.Sequential`, the form other quantizers accept."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...network.activation import RELU
from ...network.float_model import FloatModel
from ...network.memory import GAIN, Cell, Memory
from ...network.recurrent import Recurrent
from .peer import Float32


def sequential(model: FloatModel) -> nn.Sequential:
    """Return the layers as linear modules, each followed by its ReLU or memory if it has one.

    The linear module of a recurrent layer is inside another. Rows are a sequence if the model has
    memory.
    """
    layers: list[nn.Module] = []
    for weights, bias, cell in model.layers():
        layer = nn.Linear(weights.shape[1], weights.shape[0])
        layer.load_state_dict({"weight": torch.tensor(weights), "bias": torch.tensor(bias)})
        layers += _modules(layer, cell)
    return nn.Sequential(*layers)


def linear(module: nn.Module) -> list[nn.Linear]:
    """Return the linear modules of all layers."""
    return [layer for _, layer in named(module)]


def named(module: nn.Module) -> list[tuple[str, nn.Linear]]:
    """Return the linear modules of all layers with their names in the module."""
    return [(name, of) for name, of in module.named_modules() if isinstance(of, nn.Linear)]


def weights(layer: nn.Linear) -> Float32:
    """Return a linear layer's weights, float32 (out, in)."""
    found: Float32 = layer.weight.detach().numpy().copy()
    return found


def _modules(layer: nn.Linear, cell: Cell) -> list[nn.Module]:
    if isinstance(cell, Recurrent):
        return [_Recurrent(layer)]
    if isinstance(cell, Memory):
        return [layer, _Memory()]
    return [layer, nn.ReLU()] if cell == RELU else [layer]


class _Memory(nn.Module):
    """`network.memory.Memory` on rows (n, 3 units), from an empty state."""

    def forward(self, x: Tensor) -> Tensor:
        forget, candidate = torch.sigmoid(GAIN * x[:, 0::3]), torch.tanh(x[:, 1::3])
        state, states = torch.zeros_like(candidate[0]), []
        for gate, new in zip(forget, candidate, strict=True):
            state = state + gate * (new - state)
            states.append(state)
        return torch.sigmoid(x[:, 2::3]) * torch.stack(states)


class _Recurrent(nn.Module):
    """`network.recurrent.Recurrent` on rows (n, 3 units), from an empty state."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        state, states = x.new_zeros(self.layer.in_features), []
        for row in x:
            sums = self.layer(state)
            reset, keep = (torch.sigmoid(row[i::3] + sums[i::3]) for i in range(2))
            new = torch.tanh(row[2::3] + reset * sums[2::3])
            state = new + keep * (state - new)
            states.append(state)
        return torch.stack(states)
