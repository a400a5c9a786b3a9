"""The network as a PyTorch module: from stacked feature frames to a gain or magnitude per bin."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from .. import spec

LIMIT = 1 - 2.0**-7  # the largest value of an 8-bit weight


class Stack(nn.Module):
    """A stack of layers over eight consecutive frames (paper, section 4).

    Parameters
    ----------
    layers : iterable of nn.Module
        Together they map (..., 1032) to (..., 129).
    relu : sequence of bool
        Whether a ReLU follows each layer; the last layer's is ignored, see `head`.
    head : {"gain", "magnitude"}
        What the output is: a gain on the noisy magnitude, or the magnitude itself.
    gain_floor : float
        Smallest gain, in [0, 1).
    """

    def __init__(
        self, layers: Iterable[nn.Module], relu: Sequence[bool], head: str, gain_floor: float
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.relu = relu
        self.head = head
        self.gain_floor = gain_floor

    def forward(self, features: Tensor, noisy: Tensor) -> Tensor:
        """Return enhanced magnitudes; inputs and output have shape (clips, frames, 129)."""
        padded = nn.functional.pad(features, (0, 0, spec.CONTEXT - 1, 0))
        x = padded.unfold(1, spec.CONTEXT, 1).transpose(2, 3).flatten(2)  # oldest frame first
        for layer, relu in zip(self.layers[:-1], self.relu, strict=False):
            x = torch.relu(layer(x)) if relu else layer(x)
        x = self.layers[-1](x)
        if self.head == "magnitude":
            return bounded(x, 0.0, math.inf)
        return noisy * bounded(x, self.gain_floor, 1.0)

    @torch.no_grad()
    def clamp(self) -> None:
        """Clamp weights and biases to (-1, +1), as the paper does during training."""
        for parameter in self.parameters():
            parameter.clamp_(-LIMIT, LIMIT)


class Network(Stack):
    """A network with random initial weights and a ReLU after each layer.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers; the paper's network has one of 256.
    head, gain_floor
        As for `Stack`.
    biases : bool
        Whether biases are trained; otherwise they stay zero.
    """

    def __init__(
        self, hidden: tuple[int, ...], head: str, gain_floor: float, biases: bool = True
    ) -> None:
        widths = (spec.CONTEXT * spec.BINS, *hidden, spec.BINS)
        layers = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths)]
        super().__init__(layers, [True] * len(layers), head, gain_floor)
        nn.init.constant_(layers[-1].bias, 0.5 if head == "gain" else 0.0)
        for layer in layers if not biases else ():
            nn.init.zeros_(layer.bias).requires_grad_(False)


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """Clamp with a leaky gradient of 0.1, so that outputs outside the range can recover."""
    leak = 0.1 * x
    return x.clamp(low, high) + leak - leak.detach()
