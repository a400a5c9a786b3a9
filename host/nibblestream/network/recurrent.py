"""A recurrent layer: a GRU, whose matrix multiplies its own outputs of the row before.

Its inputs are the sums of an ordinary linear layer before it, three for each unit; its matrix gives
three more, of the outputs before. Inputs x and sums s of unit u are interleaved: r in rows 3 u, z
in rows 3 u + 1 and n in rows 3 u + 2. Row by row,

    s = W h + b,   r = sigmoid(x_r + s_r),   z = sigmoid(x_z + s_z),   n = tanh(x_n + r s_n),
    h <- n + z (h - n),   y = h

(Cho et al., *Learning phrase representations using RNN encoder-decoder*, 2014,
https://arxiv.org/abs/1406.1078, with r after the matrix, as in PyTorch's ``nn.GRU``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from .activation import SIGMOID, TANH

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Recurrent:
    """The function of a recurrent layer, in place of an `Activation`."""

    kind: ClassVar[str] = "gru"
    sums: ClassVar[int] = 3  # per unit: r, z, n
    tabled: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = False

    def run(self, x: Array, state: Array, weights: Array, bias: Array) -> tuple[Array, Array]:
        """Return the outputs of the next rows, and the state after them.

        Parameters
        ----------
        x : float, shape (n, 3 units)
        state : float, shape (units,)
        weights : float, shape (3 units, units)
        bias : float, shape (3 units,)

        Returns
        -------
        outputs : shape (n, units)
        state : shape (units,)
        """
        outputs = np.empty((len(x), len(state)), x.dtype)
        for t, row in enumerate(x):
            sums = weights @ state + bias
            reset, keep = SIGMOID(row[0::3] + sums[0::3]), SIGMOID(row[1::3] + sums[1::3])
            new = TANH(row[2::3] + reset * sums[2::3])
            state = outputs[t] = new + keep * (state - new)
        return outputs, state

    def reach(self, bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the largest magnitude of each output: 1."""
        return np.ones(len(bounds) // self.sums)

    def entry(self) -> dict[str, Any]:
        """Return the function as JSON for a model file."""
        return {"kind": self.kind}

    def __str__(self) -> str:
        return "GRU"


RECURRENT: Final = Recurrent()
