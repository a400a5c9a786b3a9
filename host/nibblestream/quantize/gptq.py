"""GPTQ: weights rounded one input after another, with error feedback.

Frantar, Ashkboos, Hoefler and Alistarh, *GPTQ: Accurate Post-Training Quantization for Generative
Pre-trained Transformers*, 2022, https://arxiv.org/abs/2210.17323. After each rounding, the weights
not yet rounded are adjusted to compensate for its effect on the layer's outputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .levels import Grid
from .objective import LayerError

Float = npt.NDArray[np.float64]

BLOCK = 64  # columns rounded between updates of all later columns


def gptq(error: LayerError, grid: Grid) -> Float:
    """Round a layer's target weights to a grid, with error feedback.

    Biases are rounded first, because their grid is the coarsest, then the inputs by falling
    second moment.

    Returns
    -------
    float64, shape (out, columns)
        Values of the grid: the nearest ones if the inputs are uncorrelated.
    """
    strength = np.einsum("oii->i", error.hessian)
    strength[error.inputs :] = np.inf
    order = np.argsort(-strength, kind="stable")
    factor = _factor(error.hessian[:, order[:, None], order])
    rest, rounded = error.target[:, order], np.empty_like(error.target)
    for first in range(0, len(order), BLOCK):
        last = min(first + BLOCK, len(order))
        errors = np.empty((len(rest), last - first))
        for j in range(first, last):
            rounded[:, order[j]] = grid.snap(rest[:, j], int(order[j]))
            step = (rest[:, j] - rounded[:, order[j]]) / factor[:, j, j]
            rest[:, j:last] -= step[:, None] * factor[:, j, j:last]
            errors[:, j - first] = step
        rest[:, last:] -= _times(errors, factor[:, first:last, last:])
    return rounded


def _factor(hessian: Float) -> Float:
    """Return the upper U with ``inv(H) = U' U``, for each H of (..., columns, columns)."""
    return np.linalg.cholesky(np.linalg.inv(hessian)).transpose(0, 2, 1)


def _times(errors: Float, factor: Float) -> Float:
    if len(factor) == 1:
        return np.asarray(errors @ factor[0])
    return np.asarray((errors[:, None] @ factor)[:, 0])
