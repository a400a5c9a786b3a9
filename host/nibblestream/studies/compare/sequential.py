"""Convert a float model to and from `torch.nn.Sequential`, the form other quantizers accept."""

from __future__ import annotations

import torch
from torch import nn

from ...network.activation import RELU
from ...network.float_model import FloatModel
from ...network.memory import elementwise
from .peer import Float32


def sequential(model: FloatModel) -> nn.Sequential:
    """Return the layers as linear modules, each followed by its ReLU if it has one."""
    layers: list[nn.Module] = []
    activations = elementwise(model.activations)
    for weights, bias, activation in zip(model.weights, model.biases, activations, strict=True):
        layer = nn.Linear(weights.shape[1], weights.shape[0])
        layer.load_state_dict({"weight": torch.tensor(weights), "bias": torch.tensor(bias)})
        layers += [layer, nn.ReLU()] if activation == RELU else [layer]
    return nn.Sequential(*layers)


def weights(layer: nn.Module) -> Float32:
    """Return a linear layer's weights, float32 (out, in)."""
    tensor = layer.weight
    assert isinstance(tensor, torch.Tensor)
    found: Float32 = tensor.detach().numpy().copy()
    return found
