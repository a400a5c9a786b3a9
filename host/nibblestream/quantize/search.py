"""Search for a layer's codes with error feedback over inputs and over outputs.

Weights are rounded one input after another, as in `gptq`: those not yet rounded are adjusted to
compensate. That is Babai's algorithm for the closest vector of a lattice (Chen et al., *The
geometry of LLM quantization*, 2025, https://arxiv.org/abs/2507.18553). Here

* several roundings of each output are kept until all inputs are rounded (the K-best sphere decoder
  of MIMO receivers, Guo and Nilsson, 2006);
* the input rounded next is the one whose error the remaining inputs can compensate least (the
  detection order of V-BLAST, Wolniansky et al., 1998);
* outputs are rounded in groups, and the target weights of those not yet rounded are adjusted, too,
  because their errors add up in the layers that follow (Tseng et al., *Model-preserving adaptive
  rounding*, 2025, https://arxiv.org/abs/2505.22988).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .levels import Grid
from .objective import LayerError

Float = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

KEPT = 8, 64  # fewest and most roundings of each output kept: more in small layers, where
WORK = 500_000_000  # they take about as long as this many updates of weights not yet rounded
GROUP = 16  # outputs rounded at once


def search(error: LayerError, grid: Grid) -> Float:
    """Round a layer's target weights and biases to a grid.

    Biases are rounded first, because their grid is the coarsest.

    Returns
    -------
    float64, shape (out, columns)
        Values of the grid.
    """
    out, width = error.target.shape
    kept = int(np.clip(WORK // (out * width**2), *KEPT))
    columns, factors = _columns(error)
    rows, coupled = pivots(np.linalg.inv(error.coupling), np.arange(0))
    target, found = error.target.copy(), np.empty_like(error.target)
    for first in range(0, len(rows), GROUP):
        last = first + GROUP
        now, later = rows[first:last], rows[last:]
        own = now if len(factors) > 1 else np.zeros(1, np.intp)
        found[now] = _rounded(target[now], columns, factors[own], grid, kept)
        steps = np.linalg.solve(coupled[first:last, first:last].T, target[now] - found[now])
        target[later] -= coupled[first:last, last:].T @ steps
    return found


def pivots(inverse: Float, first: Index) -> tuple[Index, Float]:
    """Order columns such that those that the later ones can compensate least come early.

    Parameters
    ----------
    inverse : float64, shape (n, n)
        Inverse of a positive definite H.
    first : int
        Columns to begin with.

    Returns
    -------
    order : int, shape (n,)
    factor : float64, shape (n, n)
        The upper triangular U with ``inverse[order][:, order] = U' U``.
    """
    order, lower = np.empty(len(inverse), np.intp), np.zeros_like(inverse)
    variance, done = np.diag(inverse).copy(), np.zeros(len(inverse), bool)
    for n in range(len(inverse)):
        i = first[n] if n < len(first) else np.argmin(np.where(done, np.inf, variance))
        lower[:, n] = (inverse[:, i] - lower[:, :n] @ lower[i, :n]) / np.sqrt(variance[i])
        lower[done, n] = 0
        variance -= lower[:, n] ** 2
        order[n], done[i] = i, True
    return order, lower[order].T


def _columns(error: LayerError) -> tuple[Index, Float]:
    """Return the order of the columns, and U of each H in this order."""
    biases = np.arange(error.inputs, error.target.shape[1])
    inverse = np.linalg.inv(error.hessian)
    mean = inverse[0] if len(inverse) == 1 else np.linalg.inv(error.hessian.mean(axis=0))
    order, factor = pivots(mean, biases)
    if len(inverse) == 1:
        return order, factor[None]
    return order, np.linalg.cholesky(inverse[:, order[:, None], order]).transpose(0, 2, 1)


def _rounded(target: Float, columns: Index, factors: Float, grid: Grid, kept: int) -> Float:
    """Round some outputs, each by its factor U or all by one, in the order of `columns`."""
    every = np.arange(len(target))[:, None]
    rest, cost = target[:, None, columns], np.zeros((len(target), 1))
    parents, chosen = [], []
    for n, column in enumerate(columns):
        tried = grid.around(rest[:, :, 0], int(column))
        steps = (rest[:, :, :1] - tried) / factors[:, n, n, None, None]
        costs = cost[:, :, None] + steps**2
        costs[..., 1][tried[..., 0] == tried[..., 1]] = np.inf
        best = _least(costs.reshape(len(target), -1), kept)
        cost, step, value = (a.reshape(len(target), -1)[every, best] for a in (costs, steps, tried))
        rest = rest[every, best // 2, 1:] - step[:, :, None] * factors[:, n, None, n + 1 :]
        parents.append(best // 2)
        chosen.append(value)
    found, last = np.empty_like(target), np.argmin(cost, axis=1)
    for n in range(len(columns) - 1, -1, -1):
        found[:, columns[n]] = chosen[n][every[:, 0], last]
        last = parents[n][every[:, 0], last]
    return found


def _least(costs: Float, kept: int) -> Index:
    """Return the places of the least costs of each row, `kept` at most."""
    if costs.shape[1] <= kept:
        return np.broadcast_to(np.arange(costs.shape[1]), costs.shape)
    return np.argpartition(costs, kept - 1, axis=1)[:, :kept]
