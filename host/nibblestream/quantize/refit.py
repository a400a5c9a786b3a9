"""Alternating fit of a layer's table and codes to its outputs.

For fixed codes, the error of the outputs is quadratic in the table's values: they are fitted by
least squares, then by coordinate descent on the grid of mantissas. For a fixed table, the codes are
found by `search`, and improved by coordinate descent over the columns (Behdin et al., *QuantEase*,
2023, https://arxiv.org/abs/2309.01885).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..fixed import QFormat
from ..network.lut import Lut
from ..network.scheme import Scheme
from .levels import Grid, lut_at, nearest_codes, representable, shifts
from .objective import LayerError
from .search import search

Float = npt.NDArray[np.float64]

GROUP = 8  # outputs whose codes are chosen at once where outputs interact
SEARCHES = 3  # most starts of the alternation, each with the table that the last ended with
ROUNDS = 8
ENOUGH = 1e-3  # stop after a round that lowers the error by less than this fraction


def fit(
    error: LayerError, lut: Lut, scheme: Scheme, k_max: int, bias_word: QFormat
) -> tuple[Float, Lut]:
    """Find a layer's values and table.

    Parameters
    ----------
    error : LayerError
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
    values : float64, shape (out, columns)
        Weights with values of the table, and biases in the last column if the layer has them.
    lut : Lut
    """
    best, least = (error.target, lut), np.inf
    for _ in range(SEARCHES):
        start = search(error, Grid(lut.values, error.inputs, bias_word))
        values, lut = refit(error, start, lut, scheme, k_max, bias_word)
        before, found = least, error.of(values)
        if found < least:
            best, least = (values, lut), found
        if found > (1 - ENOUGH) * before:
            break
    return best


def refit(
    error: LayerError, values: Float, lut: Lut, scheme: Scheme, k_max: int, bias_word: QFormat
) -> tuple[Float, Lut]:
    """Improve a layer's values and table, as `fit` returns them; the error never grows."""
    before = error.of(values)
    for _ in range(ROUNDS):
        values, lut = fit_table(error, values, lut, shifts(scheme, k_max))
        found = descend(error, values, Grid(lut.values, error.inputs, bias_word))
        after = error.of(found)
        if after < before:
            values = found
        if after > (1 - ENOUGH) * before:
            break
        before = after
    return values, lut


def descend(error: LayerError, values: Float, grid: Grid) -> Float:
    """Set one column after another to the grid values of least error, the others fixed.

    Outputs that interact take turns, in groups that are taken for independent.
    """
    values = values.copy()
    size = GROUP if error.coupled else len(values)
    for first in range(0, len(values), size):
        rows = slice(first, first + size)
        others = values - error.target
        others[rows] = 0
        coupling = error.coupling[rows]
        target = error.target[rows] - np.linalg.solve(coupling[:, rows], coupling @ others)
        hessian = error.hessian if len(error.hessian) == 1 else error.hessian[rows]
        group = replace(error, target=target, hessian=hessian)
        values[rows] = _descended(group, values[rows], grid)
    return values


def _descended(error: LayerError, values: Float, grid: Grid) -> Float:
    """Descend over the columns of outputs that do not interact."""
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
    wanted = error.slope(error.target - fixed)
    A, b = np.empty((size, size)), np.empty(size)
    every = [_members(error, codes, level) for level in range(size)]
    for level, members in enumerate(every):
        seen = error.slope(members)
        A[level] = [np.vdot(seen, other) for other in every]
        b[level] = np.vdot(wanted, members)
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
