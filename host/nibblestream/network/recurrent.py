"""A recurrent layer: a GRU, whose matrix multiplies its own outputs of the row before.

Its inputs are the sums of an ordinary linear layer before it, three for each unit; its matrix gives
three more, of the outputs before. Inputs x and sums s of unit u are interleaved: r in rows 3 u, z
in rows 3 u + 1 and n in rows 3 u + 2. Row by row,

    s = W h + b,   r = sigmoid(x_r + s_r),   z = sigmoid(x_z + s_z),   n = tanh(x_n + r s_n),
    h <- n + z (h - n),   y = h

(Cho et al., *Learning phrase representations using RNN encoder-decoder*, 2014,
https://arxiv.org/abs/1406.1078, with r after the matrix, as in PyTorch's ``nn.GRU``).

In integers, gates, candidates and outputs are in units of 2**-15, as those of `curve`, and the
state has 22 fractional bits; the matrix multiplies the outputs. Inputs are added to its sums of r
and z like a second bias. The sum of n is rounded to `spec.HIDDEN`, where it saturates at +-256, and
multiplied by r; the product is rounded to the inputs of tanh and x_n added. The state takes a step
of 1 - z = sigmoid(-(x_z + s_z)) from h towards n: rounded, it never passes n, so the state stays
within +-1 and cannot saturate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray, QFormat, round_shift
from .activation import SIGMOID, TANH, Activation
from .curve import INPUT, curve
from .product import Product

Array = npt.NDArray[Any]
Int32 = npt.NDArray[np.int32]

SUMS: Final = INPUT["gru"]  # format of the inputs of tanh
_COARSER: Final = SUMS.frac - INPUT["sigmoid"].frac
_FINER: Final = spec.STATE.frac - spec.CURVE.frac


@dataclass(frozen=True)
class Recurrent:
    """The function of a recurrent layer, in place of an `Activation`."""

    kind: ClassVar[str] = "gru"
    sums: ClassVar[int] = 3  # per unit: r, z, n
    tabled: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = False
    # Right shifts of the sums r, z and n beyond the layer's shift, which is that of tanh
    shifts: ClassVar[tuple[int, ...]] = (_COARSER, _COARSER, SUMS.frac - spec.HIDDEN.frac)
    leak: ClassVar[int] = max(shifts)

    def run(self, x: Array, state: Array, weights: Array, bias: Array) -> tuple[Array, Array]:
        """Return the outputs of the next rows, and the state after them.

        Parameters
        ----------
        x : float, shape (n, 3 units), or (n, sequences, 3 units) side by side
        state : float, shape (units,) or (sequences, units)
        weights : float, shape (3 units, units)
        bias : float, shape (3 units,)

        Returns
        -------
        outputs : shape (n, units) or (n, sequences, units)
        state : shape (units,) or (sequences, units)
        """
        outputs = np.empty((*x.shape[:-1], state.shape[-1]), x.dtype)
        for t, row in enumerate(x):
            state = outputs[t] = self.step(row, state @ weights.T + bias, state)
        return outputs, state

    def step(self, x: Array, sums: Array, state: Array) -> Array:
        """Return the outputs of one row, (..., units), after a state (..., units)."""
        _, keep, new = self.gates(x, sums)
        return np.asarray(new + keep * (state - new))

    def gates(self, x: Array, sums: Array) -> tuple[Array, Array, Array]:
        """Return r, z and n, (..., units) each, of inputs and sums, (..., 3 units) each."""
        reset, keep = (SIGMOID(x[..., i::3] + sums[..., i::3]) for i in range(2))
        return reset, keep, TANH(x[..., 2::3] + reset * sums[..., 2::3])

    def reach(self, bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the largest magnitude of each output: 1."""
        return np.ones(len(bounds) // self.sums)

    def entry(self) -> dict[str, Any]:
        """Return the function as JSON for a model file."""
        return {"kind": self.kind}

    def __str__(self) -> str:
        return "GRU"


RECURRENT: Final = Recurrent()


def factor_format(cell: object, word: QFormat) -> QFormat:
    """Return the format of what a layer's matrix multiplies, given that of the layer's inputs."""
    return spec.CURVE if isinstance(cell, Recurrent) else word


@dataclass(frozen=True, eq=False)
class Sums:
    """The matrix of a recurrent layer, for `recur`.

    Parameters
    ----------
    product : Product
        Of the outputs (..., units) by the matrix.
    shift : int
        Right shift from the accumulator to the inputs of tanh, at least 1.
    """

    product: Product
    shift: int

    def __call__(self, outputs: IntArray) -> IntArray:
        """Return the accumulators, int64 (..., 3 units), for the outputs of the row before."""
        return np.asarray(self.product(outputs)[0], np.int64)

    def rounded(self, sums: IntArray, i: int) -> IntArray:
        """Return sums of kind i, 0 for r, 1 for z and 2 for n, on the grid they are used on."""
        return round_shift(sums, self.shift + Recurrent.shifts[i])


def recur(x: IntArray, state: IntArray, matrix: Sums) -> tuple[Int32, IntArray]:
    """Return the outputs of the next rows in normative integers, and the state after them.

    Parameters
    ----------
    x : int64, shape (n, 3 units), or (n, sequences, 3 units) side by side
        On the accumulator's grid.
    state : int64, shape (units,) or (sequences, units)
        In `spec.STATE`, within +-1.
    matrix : Sums

    Returns
    -------
    outputs : int32, shape (n, units) or (n, sequences, units)
        In `spec.CURVE`.
    state : int64, shape (units,) or (sequences, units)
    """
    outputs = np.empty((*x.shape[:-1], state.shape[-1]), np.int32)
    for t, row in enumerate(x):
        sums = matrix(round_shift(state, _FINER))
        r, z, n = (row[..., i::3] for i in range(3))
        reset = _gate(matrix.rounded(r + sums[..., 0::3], 0), SIGMOID)
        step = _gate(-matrix.rounded(z + sums[..., 1::3], 1), SIGMOID)
        hidden = spec.HIDDEN.saturate(matrix.rounded(sums[..., 2::3], 2))
        passed = round_shift(reset * hidden, spec.CURVE.frac + spec.HIDDEN.frac - SUMS.frac)
        new = _gate(passed + round_shift(n, matrix.shift), TANH)
        state = state + round_shift(step * ((new << _FINER) - state), spec.CURVE.frac)
        outputs[t] = round_shift(state, _FINER)
    return outputs, state


def _gate(sums: IntArray, activation: Activation) -> IntArray:
    """Return the sigmoid or tanh of rounded sums, int64; `curve` limits them."""
    return curve(sums, activation).astype(np.int64)
