"""Alternating fit of a layer's table and codes to its outputs; no step increases the error.

For fixed codes, the error of the outputs is quadratic in the table's values: they are fitted by
least squares, then by coordinate descent on the grid of mantissas. For a fixed table, the codes are
chosen by coordinate descent over the columns (Behdin et al., *QuantEase*, 2023,
https://arxiv.org/abs/2309.01885).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import QFormat
from ..network.lut import Lut
from ..network.scheme import Scheme
from .levels import Grid, lut_at, nearest_codes, representable, shifts
from .objective import LayerError

Float = npt.NDArray[np.float64]

ROUNDS = 8
ENOUGH = 1e-3  # stop after a round that lowers the error by less than this fraction


def refit(
    error: LayerError, values: Float, lut: Lut, scheme: Scheme, k_max: int, bias_word: QFormat
) -> tuple[Float, Lut]:
    """Improve a layer's values and table.

    Parameters
    ----------
    error : LayerError
    values : float64, shape (out, columns)
        Weights with values of `lut`, and biases in the last column if the layer has them.
    lut : Lut
        Values in rising order.
    scheme : Scheme
        Gives k, unless it is None.
    k_max : int
        Largest k to try.
    bias_word : QFormat
        Format of the biases.

    Returns
    -------
    values, lut
        Improved values and table; the error is not larger than before.
    """
    before = error.of(values)
    for _ in range(ROUNDS):
        values, lut = fit_table(error, values, lut, shifts(scheme, k_max))
        values = descend(error, values, Grid(lut.values, error.inputs, bias_word))
        after = error.of(values)
        if after > (1 - ENOUGH) * before:
            break
        before = after
    return values, lut


def descend(error: LayerError, values: Float, grid: Grid) -> Float:
    """Set one column after another to the grid values of least error, the others fixed."""
    values = values.copy()
    slope = error.times(error.target - values)
    diagonal = np.einsum("oii->oi", error.hessian)
    for column in range(values.shape[1]):
        wanted = values[:, column] + slope[:, column] / diagonal[:, column]
        step = grid.snap(wanted, column) - values[:, column]
        rows = np.flatnonzero(step)
        own = rows if len(error.hessian) > 1 else np.zeros_like(rows)
        slope[rows] -= step[rows, None] * error.hessian[own, column]
        values[:, column] += step
    return values


def fit_table(error: LayerError, values: Float, lut: Lut, allowed: range) -> tuple[Float, Lut]:
    """Fit the table to fixed codes, with any allowed k; keep the old table if it is better."""
    codes = nearest_codes(values[:, : error.inputs], lut)
    A, b = _normal_equations(error, codes, values, len(lut.mantissa))
    best, least = lut.values, lut.values @ A @ lut.values - 2 * b @ lut.values
    ridge = 1e-9 * np.trace(A) / len(A) * np.eye(len(A))
    solution = np.linalg.lstsq(A + ridge, b, rcond=None)[0]
    table = lut
    for k in allowed:
        for start in (solution, lut.values):
            found = _descend_table(A, b, start, lut.m, k)
            cost = found @ A @ found - 2 * b @ found
            if cost < least:
                best, least, table = found, cost, lut_at(found, lut.m, k)
    fitted = np.concatenate([best[codes], values[:, error.inputs :]], axis=1)
    return fitted, table


def _normal_equations(
    error: LayerError, codes: npt.NDArray[np.uint8], values: Float, size: int
) -> tuple[Float, Float]:
    """Return A and b: the error of levels v is ``v' A v - 2 b' v`` plus a constant."""
    fixed = values.copy()
    fixed[:, : error.inputs] = 0
    wanted = error.times(error.target - fixed)
    A, b = np.empty((size, size)), np.empty(size)
    every = [_members(error, codes, level) for level in range(size)]
    for level, members in enumerate(every):
        seen = error.times(members) * error.importance[:, None]
        A[level] = [np.vdot(seen, other) for other in every]
        b[level] = np.vdot(wanted * error.importance[:, None], members)
    return (A + A.T) / 2, b


def _members(error: LayerError, codes: npt.NDArray[np.uint8], level: int) -> Float:
    members = np.zeros_like(error.target)
    members[:, : error.inputs] = codes == level
    return members


def _descend_table(A: Float, b: Float, start: Float, m: int, k: int) -> Float:
    """Set one level at a time to its best grid value, until none changes or `ROUNDS` are done."""
    allowed = representable(m, k)
    borders = (allowed[1:] + allowed[:-1]) / 2
    levels = allowed[np.searchsorted(borders, start)]
    used = np.flatnonzero(np.diag(A) > 0)
    for _ in range(ROUNDS):
        before = levels.copy()
        for i in used:
            wanted = levels[i] + (b[i] - A[i] @ levels) / A[i, i]
            levels[i] = allowed[np.searchsorted(borders, wanted)]
        if (levels == before).all():
            break
    return levels
