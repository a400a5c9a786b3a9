"""Fixed-point arithmetic: rounding, saturation and Q formats.

Rounding is always to nearest, halves away from zero. In hardware that is one adder (half an
LSB, minus one for negative values) before an arithmetic right shift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[Any]
Float = npt.NDArray[np.float64]
Array = TypeVar("Array", bound=npt.NDArray[Any])

# Neighbouring float64 here differ by 1, so that adding a fraction to this plus a whole number
# within +-2**51 rounds: with `scaled`, as `round_shift` does.
ROUNDS: Final = 1.5 * 2.0**52
_ROUNDS_BITS: Final = np.array(ROUNDS).view(np.int64)

MOST_FRAC: Final = 1022  # the resolution is then a normal float64


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
    rounded: IntArray = x >> (8 * x.dtype.itemsize - 1)  # -1 for negative values, else 0
    rounded += 1 << (shift - 1)
    rounded += x
    rounded >>= shift
    return rounded


@cache
def scaled(shift: int) -> float:
    """Return the factor by which `np.rint` of a product is `round_shift` by `shift`.

    ``np.rint(x * scaled(shift))`` divides whole numbers in float64, within +-2**47, by 2**shift,
    halves away from zero. The factor is a little more than ``2**-shift``: by 2**-49 of it, which
    moves a half away from zero, and by less than half of x's unit, so no other value to a half.
    """
    return math.ldexp(1 + 2.0**-49, -shift)


def round_scaled(x: Float, shift: int) -> Float:
    """Return `round_shift` of whole numbers in float64, within +-2**47, in place."""
    np.multiply(x, scaled(shift), out=x)
    return np.rint(x, out=x)


def whole(x: Float, shift: int) -> npt.NDArray[np.int64]:
    """Return `round_shift` of whole numbers in float64, within +-2**47, as integers; x is lost.

    From `ROUNDS` on, the bits of a float64 count as those of an integer do.
    """
    np.multiply(x, scaled(shift), out=x)
    x += ROUNDS
    integers = x.view(np.int64)
    integers -= _ROUNDS_BITS
    return integers


def limit(x: Array, low: float, high: float) -> Array:
    """Clamp values to a range, in place; several times as fast as `np.clip`."""
    np.maximum(x, low, out=x)
    np.minimum(x, high, out=x)
    return x


def round_half_away(x: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Round floats to the nearest integer, halves away from zero; keep shape and dtype."""
    # The float just below 0.5, which is itself rounded to 0: the sum of it and a fraction that is
    # no half is below 1, or rounds to a float below 1.
    half = np.copysign(np.nextafter(x.dtype.type(0.5), x.dtype.type(0)), x)
    return np.asarray(np.trunc(x + half), x.dtype)


@dataclass(frozen=True)
class QFormat:
    """A fixed-point format: ``value = integer * 2**-frac``.

    Parameters
    ----------
    bits : int
        Word width including the sign bit, 1 to 63.
    frac : int
        Fractional bits, -1022 to 1022; may exceed `bits` or be negative.
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
        in_range = whole and 1 <= self.bits <= 63 and abs(self.frac) <= MOST_FRAC
        if not in_range or not isinstance(self.signed, bool):
            raise ValueError(
                f"found {self}; expected 1 to 63 bits, -{MOST_FRAC} to {MOST_FRAC} fractional "
                "bits, both whole numbers, and signed true or false"
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
    def signed_bits(self) -> int:
        """Bits of a signed word that holds the format."""
        return self.bits + (not self.signed)

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
        steps = np.asarray(x, dtype=np.float64) * 2.0**self.frac
        if not np.isfinite(steps).all():
            raise ValueError("found NaN or infinity; expected finite values for fixed point")
        clamped = limit(round_half_away(np.atleast_1d(steps)), self.low, self.high)
        whole = clamped.astype(np.int32 if self.high < 2**31 else np.int64)
        return whole.reshape(np.shape(x))

    def to_float(self, x: IntArray) -> npt.NDArray[np.float64]:
        """Convert integers of this format to the float64 values they represent."""
        return np.asarray(x, dtype=np.float64) * self.resolution
