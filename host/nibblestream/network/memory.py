"""A layer with memory: a recurrence per unit, without a recurrent matrix (QRNN).

The layer's matrix gives three sums for each unit, z, c and o in rows 3 u, 3 u + 1 and 3 u + 2; its
inputs are those of one row, so all rows of a block share every code. Then, row by row,

    h <- h + sigmoid(4 z) (tanh(c) - h),    y = sigmoid(o) h

(Bradbury, Merity, Xiong and Socher, *Quasi-recurrent neural networks*, 2016,
https://arxiv.org/abs/1611.01576; the factor 4 lets small weights open and close the gate).

In integers, gates and candidates are those of `curve`, in units of 2**-15, and the state has 22
fractional bits. A rounded step from h towards tanh(c) never passes it, so the state stays within
+-1: it cannot saturate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import ROUNDS, Float, round_scaled, scaled
from .activation import SIGMOID, TANH, Activation
from .curve import INPUT, look_up
from .recurrent import RECURRENT, Recurrent

Array = npt.NDArray[Any]
Int32 = npt.NDArray[np.int32]

GATES: Final = (SIGMOID, TANH, SIGMOID)  # of z, c and o
GAIN: Final = 1 << spec.GATE_GAIN_BITS  # the factor of z
_COARSER: Final = INPUT["tanh"].frac - INPUT["sigmoid"].frac  # bits of the inputs of sigmoid


@dataclass(frozen=True)
class Memory:
    """The function after the matrix of a layer with memory, in place of an `Activation`."""

    kind: ClassVar[str] = "memory"
    sums: ClassVar[int] = len(GATES)  # per unit
    tabled: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = False
    # Right shifts of the sums z, c and o beyond the layer's shift, which is that of tanh
    shifts: ClassVar[tuple[int, ...]] = (_COARSER - spec.GATE_GAIN_BITS, 0, _COARSER)
    leak: ClassVar[int] = max(shifts)

    def __call__(self, x: Array) -> Array:
        """Return the outputs (n, ..., units) of sums (n, ..., 3 units), from an empty state."""
        return self.run(x, np.zeros(x.shape[-1] // self.sums, x.dtype))[0]

    def run(self, x: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs of the next sums, and the state after them.

        Parameters
        ----------
        x : float, shape (n, 3 units), or (n, sequences, 3 units) side by side
        state : float, shape (units,) or (sequences, units)

        Returns
        -------
        outputs : shape (n, units) or (n, sequences, units)
        state : shape (units,) or (sequences, units)
        """
        forget, candidate, gate = self.gates(x)
        states = self.states(forget, candidate, state)
        return gate * states, states[-1] if len(states) else state

    def gates(self, x: Array) -> tuple[Array, Array, Array]:
        """Return sigmoid(4 z), tanh(c) and sigmoid(o), (..., units) each, of sums."""
        z, c, o = (x[..., i::3] for i in range(3))
        return SIGMOID(GAIN * z), TANH(c), SIGMOID(o)

    def states(self, forget: Array, candidate: Array, state: Array) -> Array:
        """Return the states h (n, ..., units) that follow on a state (..., units)."""
        states = np.empty_like(candidate)
        for t in range(len(states)):
            state = states[t] = state + forget[t] * (candidate[t] - state)
        return states

    def reach(self, bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the largest magnitude of each output: 1."""
        return np.ones(len(bounds) // self.sums)

    def entry(self) -> dict[str, Any]:
        """Return the function as JSON for a model file."""
        return {"kind": self.kind}

    def __str__(self) -> str:
        return "memory"


MEMORY: Final = Memory()
Cell = Activation | Memory | Recurrent  # what follows a layer's matrix


def read_cell(entry: Mapping[str, Any]) -> Cell:
    """Return the function of a model file's entry."""
    for cell in (MEMORY, RECURRENT):
        if entry.get("kind") == cell.kind:
            return cell
    return Activation(**entry)


def remember(gates: npt.NDArray[np.int64], state: Float) -> tuple[Int32, Float]:
    """Return the outputs of the next rows in normative integers, and the state after them.

    States are kept in float64 where its neighbours differ by 1, so that an addition rounds a step.

    Parameters
    ----------
    gates : int64, shape (3, n, units), or (3, n, sequences, units) side by side
        Rounded sums in the inputs of `curve`: of sigmoid for 4 z, of tanh for c, of sigmoid for o.
        Lost.
    state : whole numbers in float64, shape (units,) or (sequences, units)
        In `spec.STATE`, within +-1.

    Returns
    -------
    outputs : int32, shape (n, units) or (n, sequences, units)
        In `spec.CURVE`.
    state : float64, shape (units,) or (sequences, units)
    """
    forget, candidate, gate = (
        look_up(x, kind).astype(np.float64) for x, kind in zip(gates, GATES, strict=True)
    )
    forget *= scaled(spec.CURVE.frac)
    candidate *= 1 << (spec.STATE.frac - spec.CURVE.frac)
    candidate += ROUNDS
    states = np.empty_like(candidate)
    before = state + ROUNDS
    step = np.empty(states.shape[1:])
    for speed, aim, after in zip(forget, candidate, states, strict=True):
        np.subtract(aim, before, step)
        np.multiply(step, speed, step)
        before = np.add(before, step, after)
    state = before - ROUNDS
    states -= ROUNDS
    states *= gate
    return round_scaled(states, spec.STATE.frac).astype(np.int32), state
