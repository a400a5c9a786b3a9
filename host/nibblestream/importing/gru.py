"""GRUs of other frameworks: a linear layer of sums and a recurrent layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .affine import Affine
from .chain import Chain

Float = npt.NDArray[np.float64]

GATES = "rzn"  # reset, update, new: the order of a unit's rows


def gru(
    chain: Chain, x: Affine, weights: Float, own: Float, biases: Float, order: str = GATES
) -> Affine:
    """Return the outputs of a GRU, which starts from an empty state.

    Parameters
    ----------
    chain : Chain
    x : Affine (..., features)
        Inputs of one step.
    weights : float64 (3 units, features)
        Matrix of the inputs.
    own : float64 (3 units, units)
        Matrix of the outputs of the step before; the reset gate acts on its products.
    biases : float64 (2, 3 units)
        Of both matrices.
    order : str
        Gates in the order of the matrices' blocks of rows.

    Raises
    ------
    ValueError
        `x` are inputs of several steps.
    """
    if x.offset.size != x.shape[-1]:
        raise ValueError(
            f"takes inputs of shape {x.shape} where the network takes one row; expected steps that "
            "are all computed alike, and exports for any number of steps or a batch of one"
        )
    blocks = np.arange(len(own)).reshape(len(GATES), -1)
    rows = blocks[[order.index(gate) for gate in GATES]].T.ravel()
    sums = chain.product(x, weights[rows].T) + biases[0][rows]
    y = chain.recur(sums, own[rows], biases[1][rows])
    return y.moved(y.positions().reshape(*x.shape[:-1], -1))


def check_state(state: object) -> None:
    """Raise ValueError unless the initial state of a GRU is left out or zero."""
    if isinstance(state, Affine) or (state is not None and np.any(np.asarray(state))):
        raise ValueError(
            "starts from a state that is not zero; expected an empty one, so leave it out"
        )
