"""Networks with memory: layers whose recurrence is per unit, so that matrices see inputs only.

A layer computes ``z, c, o = W x + b``, ``h <- h + sigmoid(4 z) (tanh(c) - h)`` and
``y = sigmoid(o) h`` (QRNN, Bradbury et al. 2016, https://arxiv.org/abs/1611.01576, with inputs of
one frame). States and outputs stay within +-1. All tensors are frames first: (frames, clips, n).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from .. import spec
from ..network.memory import GAIN
from .module import LIMIT

FEATURE_GAIN = 4.0  # factor of the features: weights within +-1 could not drive gates otherwise


class _Memory(torch.autograd.Function):
    """``h[t] = h[t-1] + f[t] (c[t] - h[t-1])`` from zero, over the first axis."""

    @staticmethod
    def forward(ctx: Any, f: Tensor, c: Tensor) -> Tensor:
        h = torch.empty_like(c)
        last = torch.zeros_like(c[0])
        for out, gate, new in zip(h.unbind(), f.unbind(), c.unbind(), strict=True):
            last = torch.lerp(last, new, gate, out=out)
        ctx.save_for_backward(f, c, h)
        return h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        f, c, h = ctx.saved_tensors
        grad = grads[0].clone(memory_format=torch.contiguous_format)
        steps, keep = grad.unbind(), (1 - f).unbind()
        for t in range(len(steps) - 2, -1, -1):
            steps[t].addcmul_(steps[t + 1], keep[t + 1])
        before = torch.cat([torch.zeros_like(h[:1]), h[:-1]])
        return grad * (c - before), grad * f


class Qrnn(nn.Module):
    """One layer: (frames, clips, inputs) -> (frames, clips, outputs), from a state of zero.

    Parameters
    ----------
    linear : nn.Module
        Maps inputs to the sums z, then c, then o of all outputs.
    """

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.linear = linear

    @classmethod
    def random(cls, inputs: int, outputs: int) -> Qrnn:
        """Return a layer with random initial weights."""
        linear = nn.Linear(inputs, 3 * outputs)
        with torch.no_grad():  # outputs as large as inputs; otherwise each layer gives a third
            linear.weight[outputs : 2 * outputs] *= 5.0
            linear.bias[2 * outputs :] += 0.5
            linear.bias[:outputs].uniform_(-1, 0.5)  # memories of many lengths
        return cls(linear)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all frames."""
        z, c, o = self.linear(x).float().chunk(3, -1)
        new = 2 * torch.sigmoid(2 * c) - 1  # tanh(c), in a quarter of the time
        h = _Memory.apply(torch.sigmoid(GAIN * z), new)  # type: ignore[no-untyped-call]
        return torch.as_tensor(torch.sigmoid(o) * h)


class _Limited(torch.autograd.Function):
    """Clamp, with a gradient beyond the limits only where it leads back.

    With a gradient that leads further out too, outputs and weights grow until the gains are
    switches, which cannot be trained any more.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.limits = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (x,), (low, high), grad = ctx.saved_tensors, ctx.limits, grads[0]
        inward = ((x >= low) | (grad < 0)) & ((x <= high) | (grad > 0))
        return grad * inward, None, None


class MemoryNetwork(nn.Module):
    """A linear layer with ReLU, layers with memory, and a linear layer that gives gains.

    Parameters
    ----------
    first, last : nn.Module
        Map features to inputs of the memories, and their outputs to gains.
    memory : iterable of nn.Module
    gain_floor : float
        Smallest gain, in [0, 1).
    """

    def __init__(
        self, first: nn.Module, memory: Iterable[nn.Module], last: nn.Module, gain_floor: float
    ) -> None:
        super().__init__()
        self.gain_floor = gain_floor
        self.first, self.memory, self.last = first, nn.ModuleList(memory), last

    @classmethod
    def random(cls, width: int, depth: int, gain_floor: float) -> MemoryNetwork:
        """Return a network of `depth` layers with memory, `width` wide, with random weights."""
        first = nn.Linear(spec.BINS, width)
        memory = [Qrnn.random(width, width) for _ in range(depth)]
        last = nn.Linear(width, spec.BINS)
        nn.init.constant_(last.bias, 0.5)
        with torch.no_grad():
            first.weight *= 1.5
        return cls(first, memory, last, gain_floor)

    def forward(self, features: Tensor) -> Tensor:
        """Return gains in [gain_floor, 1]: (frames, clips, 129) in and out, float32."""
        x = torch.relu(self.first(features * FEATURE_GAIN))
        for layer in self.memory:
            x = layer(x)
        gains = _Limited.apply(  # type: ignore[no-untyped-call]
            self.last(x).float(), self.gain_floor, 1.0
        )
        return torch.as_tensor(gains)

    @torch.no_grad()
    def clamp(self) -> None:
        """Clamp weights and biases to (-1, 1)."""
        for parameter in self.parameters():
            parameter.clamp_(-LIMIT, LIMIT)
