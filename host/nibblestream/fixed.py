"""Fixed point: the only code that rounds, saturates or shifts.

Rounding is to nearest, halves away from zero, everywhere. In hardware that is one adder
(half an LSB, less one for negative values) before an arithmetic right shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[Any]


def round_shift(x: IntArray, shift: int) -> IntArray:
    """Divide integers by ``2**shift``, rounding halves away from zero.

    Parameters
    ----------
    x : ndarray of signed integers
        Any shape; ``|x| + 2**(shift - 1)`` must fit its dtype.
    shift : int
        Zero or more bits.

    Returns
    -------
    ndarray
        Same shape and dtype.
    """
    if shift < 0:
        raise ValueError(f"shift is {shift}, but rounding only shifts right: use 0 or more")
    if shift == 0:
        return x
    sign = x >> (8 * x.dtype.itemsize - 1)  # -1 for negative values, else 0
    rounded: IntArray = (x + sign + (1 << (shift - 1))) >> shift
    return rounded


def round_half_away(x: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Round floats to the nearest integer, halves away from zero; shape and dtype are kept."""
    magnitude = np.abs(x)
    whole = np.floor(magnitude)
    # floor(x + 0.5) would be wrong for the float just below one half, so compare the exact rest.
    return np.copysign(whole + (magnitude - whole >= 0.5), x)


@dataclass(frozen=True)
class QFormat:
    """A fixed-point format: ``value = integer * 2**-frac``.

    Parameters
    ----------
    bits : int
        Width of the word, the sign bit included, 1 to 63.
    frac : int
        Fractional bits; may exceed `bits` or be negative.
    signed : bool
        Two's complement if true, else non-negative.

    Raises
    ------
    ValueError
        A parameter is of another type or range.
    """

    bits: int
    frac: int
    signed: bool = True

    def __post_init__(self) -> None:
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (self.bits, self.frac))
        if not whole or not isinstance(self.signed, bool) or not 1 <= self.bits <= 63:
            raise ValueError(
                f"found {self}; expected 1 to 63 bits, a whole number of them fractional, and "
                "signed true or false"
            )

    @property
    def low(self) -> int:
        """Smallest integer of the format."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Largest integer of the format."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def resolution(self) -> float:
        """Value of one least significant bit."""
        return 2.0**-self.frac

    def saturate(self, x: IntArray) -> IntArray:
        """Clamp integers to the format; shape and dtype are kept."""
        return np.clip(x, self.low, self.high)

    def from_float(self, x: npt.ArrayLike) -> IntArray:
        """Round finite floats to the format and saturate.

        Returns
        -------
        ndarray of int32, or int64 when the word does not fit 32 bits
        """
        scaled = np.asarray(x, dtype=np.float64) * 2.0**self.frac
        if not np.isfinite(scaled).all():
            raise ValueError("found NaN or infinity, but fixed point holds finite values only")
        clamped = np.clip(round_half_away(scaled), self.low, self.high)
        return clamped.astype(np.int32 if self.high < 2**31 else np.int64)

    def to_float(self, x: IntArray) -> npt.NDArray[np.float64]:
        """Return the values that integers of this format stand for."""
        return np.asarray(x, dtype=np.float64) * self.resolution
