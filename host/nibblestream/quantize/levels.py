"""Levels as a LUT can hold them, and the codes of the nearest ones.

An entry is a signed m-bit mantissa on one of two grids, 2**-(m - 1) or 2**-(m - 1 + k), as its
range flag says; k is one for the layer. The paper gives the finer grid to the levels inside; any
entry may have it, and the schemes that begin with k-means take the nearer of the two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from ..network.lut import Lut
from ..network.scheme import Scheme

Float = npt.NDArray[np.float64]


def lut_at(levels: npt.ArrayLike, m: int, k: int) -> Lut:
    """Put levels on the grid of a table.

    Parameters
    ----------
    levels : float, shape (2**bits,)
    m, k : int
        Mantissa width and virtual bit shift.

    Returns
    -------
    Lut
        Each level's nearest value, in order from the least; beyond the grid it saturates.
    """
    wanted = np.sort(np.asarray(levels, np.float64))
    coarse, fine = (QFormat(m, m - 1 + shift) for shift in (0, k))
    near, nearer = coarse.from_float(wanted), fine.from_float(wanted)
    internal = np.abs(fine.to_float(nearer) - wanted) <= np.abs(coarse.to_float(near) - wanted)
    return Lut(np.where(internal, nearer, near).astype(np.int32), internal, m, k)


def representable(m: int, k: int) -> Float:
    """Return all that an entry may be, float64, in order."""
    mantissa = np.arange(-(1 << (m - 1)), 1 << (m - 1))
    grids = [mantissa * 2.0 ** -(m - 1 + shift) for shift in (0, k)]
    return np.asarray(np.unique(np.concatenate(grids)))


def best_lut(levels: Float, masses: Float, scheme: Scheme, k_max: int) -> Lut:
    """Put levels on the grid of the shift that moves them least.

    Parameters
    ----------
    levels, masses : float64, shape (2**bits,)
        What is wanted, in order, and how much each matters: ``sum(masses * moved**2)`` is least.
    scheme : Scheme
        Gives m, and k if that is not to be found.
    k_max : int
        Largest k to try.
    """
    wanted = np.sort(levels)
    tables = [lut_at(wanted, scheme.m, k) for k in shifts(scheme, k_max)]
    moved = [float(masses @ (table.values - wanted) ** 2) for table in tables]
    return tables[int(np.argmin(moved))]


def shifts(scheme: Scheme, k_max: int) -> range:
    """Return the k that a scheme may have: the one it names, or all up to `k_max`."""
    return range(k_max + 1) if scheme.k is None else range(scheme.k, scheme.k + 1)


def nearest_codes(weights: Float, lut: Lut) -> npt.NDArray[np.uint8]:
    """Return each weight's nearest entry, uint8 in the weights' shape; `lut` is in order."""
    return _nearest(weights, lut.values).astype(np.uint8)


class Grid:
    """What each column of a layer's weights may be: the values of its table, or of a bias.

    Parameters
    ----------
    values : float64, shape (2**bits,)
        In order.
    inputs : int
        Columns that hold weights; a column after them holds the biases.
    """

    def __init__(self, values: Float, inputs: int) -> None:
        self._values, self._inputs = values, inputs

    def snap(self, wanted: Float, column: int) -> Float:
        """Return the nearest allowed values, in the shape of `wanted`."""
        if column < self._inputs:
            return np.asarray(self._values[_nearest(wanted, self._values)])
        return spec.BIAS.to_float(spec.BIAS.from_float(wanted))


def _nearest(wanted: Float, values: Float) -> npt.NDArray[np.intp]:
    return np.searchsorted((values[1:] + values[:-1]) / 2, wanted)
