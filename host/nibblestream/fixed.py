"""Fixed-point arithmetic: rounding, saturation and Q formats.

Rounding is always to nearest, halves away from zero. In hardware that is one adder (half an
LSB, minus one for negative values) before an arithmetic right shift.
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
        Number of bits, zero or more.

    Returns
    -------
    ndarray
        Same shape and dtype.

    Raises
    ------
    ValueError
        `shift` is negative.
    """
    if shift < 0:
        raise ValueError(f"shift is {shift}; expected 0 or more bits to the right")
    if shift == 0:
        return x
    sign = x >> (8 * x.dtype.itemsize - 1)  # -1 for negative values, else 0
    rounded: IntArray = (x + sign + (1 << (shift - 1))) >> shift
    return rounded


def round_half_away(x: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Round floats to the nearest integer, halves away from zero; keep shape and dtype."""
    magnitude = np.abs(x)
    whole = np.floor(magnitude)
    # floor(x + 0.5) is wrong for the float just below 0.5, so compare the exact fraction.
    return np.copysign(whole + (magnitude - whole >= 0.5), x)


@dataclass(frozen=True)
class QFormat:
    """A fixed-point format: ``value = integer * 2**-frac``.

    Parameters
    ----------
    bits : int
        Word width including the sign bit, 1 to 63.
    frac : int
        Fractional bits; may exceed `bits` or be negative.
    signed : bool
        Two's complement if true, otherwise unsigned.

    Raises
    ------
    ValueError
        A parameter has the wrong type or is out of range.
    """

    bits: int
    frac: int
    signed: bool = True

    def __post_init__(self) -> None:
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (self.bits, self.frac))
        if not whole or not isinstance(self.signed, bool) or not 1 <= self.bits <= 63:
            raise ValueError(
                f"found {self}; expected 1 to 63 bits, a whole number of fractional bits, and "
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
        """Clamp integers to the format's range; keep shape and dtype."""
        return np.clip(x, self.low, self.high)

    def from_float(self, x: npt.ArrayLike) -> IntArray:
        """Quantize finite floats: round and saturate.

        Returns
        -------
        ndarray of int32, or of int64 if the format does not fit int32

        Raises
        ------
        ValueError
            A value is NaN or infinite.
        """
        scaled = np.asarray(x, dtype=np.float64) * 2.0**self.frac
        if not np.isfinite(scaled).all():
            raise ValueError("found NaN or infinity; expected finite values for fixed point")
        clamped = np.clip(round_half_away(scaled), self.low, self.high)
        return clamped.astype(np.int32 if self.high < 2**31 else np.int64)

    def to_float(self, x: IntArray) -> npt.NDArray[np.float64]:
        """Convert integers of this format to the float64 values they represent."""
        return np.asarray(x, dtype=np.float64) * self.resolution
