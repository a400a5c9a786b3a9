"""A trainable quantized layer: the forward pass uses each weight's nearest level of a table.

Rounding has zero gradient, so the backward pass ignores it (straight-through estimator, Bengio et
al. 2013, https://arxiv.org/abs/1308.3432). A level's gradient is the sum of the gradients of the
weights with its code (LUT-Q, Cardinaux et al. 2018, https://arxiv.org/abs/1811.05355).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from .. import spec
from ..fixed import QFormat
from ..network.lut import Lut

Float32 = npt.NDArray[np.float32]


class CodedLinear(nn.Module):
    """A fully connected layer with float32 weights that are quantized in the forward pass.

    Parameters
    ----------
    weight : float32, shape (out, in)
    bias : float32, shape (out,)
        Rounded to `bias_format` in the forward pass. If all are zero, they are not trained: see
        `recipe.Recipe`.
    levels : float, shape (2**bits,)
        Initial values of the table.
    m, k : int
        Parameters of the table, not trained. Each level is rounded to the nearer of the table's
        two grids.
    scale : float
        Factor of the weights in the forward pass.
    bias_format : QFormat
    """

    def __init__(
        self,
        weight: Float32,
        bias: Float32,
        levels: npt.NDArray[np.float64],
        m: int,
        k: int,
        scale: float = 1.0,
        bias_format: QFormat = spec.BIAS,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.bias = nn.Parameter(torch.tensor(bias), requires_grad=bool(bias.any()))
        self.levels = nn.Parameter(torch.tensor(levels, dtype=torch.float32))
        self._m, self._k, self._scale, self._bias_format = m, k, scale, bias_format

    def forward(self, x: Tensor) -> Tensor:
        """Map inputs (..., in) to outputs (..., out)."""
        levels = straight_through(self.levels, self._on_grid()[0])
        weight = levels[self._codes(levels)] + (self.weight - self.weight.detach())
        bias = straight_through(self.bias, rounded(self.bias, self._bias_format))
        return nn.functional.linear(x, self._scale * weight, bias)

    @torch.no_grad()
    def quantized(self) -> tuple[npt.NDArray[np.uint8], Lut, npt.NDArray[np.int32]]:
        """Return the current codes (out, in), their table, and the biases."""
        levels, internal = self._on_grid()
        order = levels.argsort()
        rank = order.argsort()
        codes = rank[self._codes(levels)].to(torch.uint8)
        frac = self._m - 1 + self._k * internal[order]
        mantissa = (levels[order] * 2.0**frac).to(torch.int32)
        lut = Lut(mantissa.numpy(), internal[order].numpy(), self._m, self._k)
        bias = rounded(self.bias, self._bias_format) * 2.0**self._bias_format.frac
        return codes.numpy(), lut, bias.to(torch.int32).numpy()

    @torch.no_grad()
    def _codes(self, levels: Tensor) -> Tensor:
        """Return the index of each weight's nearest level, int64 (out, in)."""
        ordered, order = levels.sort()
        return order[torch.bucketize(self.weight, (ordered[1:] + ordered[:-1]) / 2)]

    @torch.no_grad()
    def _on_grid(self) -> tuple[Tensor, Tensor]:
        """Return the levels rounded to the table's grids, and which of them are internal."""
        coarse, fine = (
            rounded(self.levels, QFormat(self._m, self._m - 1 + shift)) for shift in (0, self._k)
        )
        internal = (fine - self.levels).abs() <= (coarse - self.levels).abs()
        return torch.where(internal, fine, coarse), internal


def straight_through(x: Tensor, value: Tensor) -> Tensor:
    """Return `value`, with the gradient of `x`."""
    return x + (value - x).detach()


def rounded(x: Tensor, word: QFormat) -> Tensor:
    """Round to the nearest value of a fixed-point format, saturating."""
    scale = 2.0**word.frac
    return (x * scale).round().clamp(word.low, word.high) / scale
