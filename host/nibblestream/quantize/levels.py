"""Levels on the grid of a LUT, and codes of the nearest levels.

An entry is a signed m-bit mantissa on one of two grids, 2**-(m - 1) or 2**-(m - 1 + k), selected by
its range flag; k is the same for the whole layer. The paper uses the finer grid for the internal
levels. Any entry may use it; the schemes based on k-means choose the grid with the nearer value.
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
    """Round levels to the grids of a table.

    Parameters
    ----------
    levels : float, shape (2**bits,)
    m, k : int
        Mantissa width and virtual bit shift.

    Returns
    -------
    Lut
        The nearest values in rising order; levels beyond the grids saturate.
    """
    wanted = np.sort(np.asarray(levels, np.float64))
    coarse, fine = (QFormat(m, m - 1 + shift) for shift in (0, k))
    near, nearer = coarse.from_float(wanted), fine.from_float(wanted)
    internal = np.abs(fine.to_float(nearer) - wanted) <= np.abs(coarse.to_float(near) - wanted)
    return Lut(np.where(internal, nearer, near).astype(np.int32), internal, m, k)


def representable(m: int, k: int) -> Float:
    """Return all values that a LUT entry can have, float64, in rising order."""
    mantissa = np.arange(-(1 << (m - 1)), 1 << (m - 1))
    grids = [mantissa * 2.0 ** -(m - 1 + shift) for shift in (0, k)]
    return np.asarray(np.unique(np.concatenate(grids)))


def best_lut(levels: Float, masses: Float, scheme: Scheme, k_max: int) -> Lut:
    """Round levels to the grids of the k with the least weighted squared rounding error.

    Parameters
    ----------
    levels, masses : float64, shape (2**bits,)
        Levels in rising order and their weights; ``sum(masses * error**2)`` is minimized over k.
    scheme : Scheme
        Gives m, and k unless it is None.
    k_max : int
        Largest k to try.
    """
    wanted = np.sort(levels)
    tables = [lut_at(wanted, scheme.m, k) for k in shifts(scheme, k_max)]
    errors = [float(masses @ (table.values - wanted) ** 2) for table in tables]
    return tables[int(np.argmin(errors))]


def shifts(scheme: Scheme, k_max: int) -> range:
    """Return the allowed values of k: the scheme's, or 0 to `k_max` if the scheme has None."""
    return range(k_max + 1) if scheme.k is None else range(scheme.k, scheme.k + 1)


def nearest_codes(weights: Float, lut: Lut) -> npt.NDArray[np.uint8]:
    """Return the code of each weight's nearest level, uint8 in the shape of `weights`.

    The values of `lut` must be in rising order.
    """
    return _nearest(weights, lut.values).astype(np.uint8)


class Grid:
    """Allowed values of each column of a layer: table values for weights, a format for biases.

    Parameters
    ----------
    values : float64, shape (2**bits,)
        Table values in rising order.
    inputs : int
        Number of columns that hold weights; a column after them holds the biases.
    bias_word : QFormat
        Format of the biases.
    """

    def __init__(self, values: Float, inputs: int, bias_word: QFormat = spec.BIAS) -> None:
        self._values, self._inputs, self._bias_word = values, inputs, bias_word

    def around(self, wanted: Float, column: int) -> Float:
        """Return the two allowed values nearest to each side of a weight, a bias's nearest twice.

        float64, of the shape of `wanted` with an axis of 2 added.
        """
        if column >= self._inputs:
            return np.repeat(self.snap(wanted, column)[..., None], 2, axis=-1)
        above = np.searchsorted(self._values, wanted).clip(1, len(self._values) - 1)
        return np.stack([self._values[above - 1], self._values[above]], axis=-1)

    def snap(self, wanted: Float, column: int) -> Float:
        """Return the nearest allowed values, in the shape of `wanted`."""
        if column < self._inputs:
            return np.asarray(self._values[_nearest(wanted, self._values)])
        return self._bias_word.to_float(self._bias_word.from_float(wanted))


def _nearest(wanted: Float, values: Float) -> npt.NDArray[np.intp]:
    return np.searchsorted((values[1:] + values[:-1]) / 2, wanted)
