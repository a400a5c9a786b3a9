"""Inputs of a plain model: checks of users' arrays, and their conversion to integers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..fixed import QFormat
from ..network.front import Plain

Array = npt.NDArray[Any]

NUMBERS: Final = "fiu"  # dtype kinds of rows of numbers
INTEGERS: Final = "iu"


class Inputs:
    """The inputs of a plain model.

    Parameters
    ----------
    front : Plain
    count : int
        Inputs per row.
    """

    def __init__(self, front: Plain, count: int) -> None:
        self._count, self._word = count, front.input_format
        self._reach = front.bounds(count)
        self._scale = front.scale(count)
        self._limit = self._word.from_float(self._reach / self._scale)

    def array(self, x: npt.ArrayLike, kinds: str) -> Array:
        """Return `x` as an array (n, inputs), of a dtype of these kinds.

        Raises
        ------
        TypeError
            `x` has another dtype, or cannot be converted to an array.
        ValueError
            It has another shape.
        """
        try:
            found = np.asarray(x)
        except Exception as error:  # whatever foreign tensors and ragged lists raise
            raise TypeError(f"found a {type(x).__name__}; expected an array: {error}") from error
        if found.dtype.kind not in kinds:
            expected = "floats or integers" if kinds == NUMBERS else "integers"
            raise TypeError(f"found an array of dtype {found.dtype}; expected {expected}")
        if found.ndim != 2 or found.shape[1] != self._count:
            one = f"; for one row, pass [x], of shape (1, {self._count})" if found.ndim == 1 else ""
            raise ValueError(
                f"found an array of shape {found.shape}; expected (n, {self._count}): n rows of "
                f"{self._count} inputs{one}"
            )
        return found

    def floats(self, block: Array, at: int) -> npt.NDArray[np.float64]:
        """Return rows as float64; ValueError names a value that is not finite, from row `at` on."""
        floats = block.astype(np.float64)
        bad = ~np.isfinite(floats)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            value = floats[row, column]
            raise ValueError(f"x[{at + row}, {column}] is {value}; expected finite numbers")
        return floats

    def rounded(self, floats: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int32], int]:
        """Return rows in the input format, and how many values beyond the reach saturated."""
        wide = QFormat(63, self._word.frac)  # in which nothing near the reach saturates
        words = wide.from_float(np.clip(floats, -2 * self._reach, 2 * self._reach) / self._scale)
        beyond = int(np.count_nonzero(np.abs(words) > self._limit))
        return np.clip(words, -self._limit, self._limit).astype(np.int32), beyond

    def integers(self, block: Array, at: int) -> npt.NDArray[np.int32]:
        """Return integer rows as int32; ValueError names a value beyond the reach."""
        bad = (block < -self._limit) | (block > self._limit)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            most = self._limit[column]
            raise ValueError(
                f"x[{at + row}, {column}] is {block[row, column]}; expected {-most} to {most}, "
                f"+-{self._reach[column]:g} in steps of "
                f"{self._scale[column] * self._word.resolution:g}"
            )
        return block.astype(np.int32)

    def warning(self, beyond: int, rows: int) -> str:
        """Return the warning that some of the values of these rows saturated."""
        low, high = self._reach.min(), self._reach.max()
        reach = f"+-{high:g}" if low == high else f"+-{low:g} to +-{high:g}, by input"
        total = rows * self._count
        return (
            f"{beyond} of {total} input values ({100 * beyond / total:.3g}%) exceed the model's "
            f"reach of {reach} and saturate: quantize it with calibration rows that cover them "
            "(nibblestream quantize --calibration), or scale the inputs"
        )
