"""The look-up table (LUT) from codes to weights (paper, Tables 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat


class LutRow(NamedTuple):
    """One LUT entry in the paper's notation; see `Lut.rows`."""

    code: str
    value: float
    partition: str
    mantissa: int
    binary: str
    stored: str


@dataclass(frozen=True, eq=False)
class Lut:
    """A look-up table: one mantissa and one range flag per code.

    ``value = mantissa * 2**-(m - 1)`` for external entries, and ``2**-k`` times that for internal
    ones: the virtual bit shift of equation (8).

    Parameters
    ----------
    mantissa : int32, shape (2**bits,)
        Signed, m bits.
    internal : bool, shape (2**bits,)
        The range flag: true in the internal partition.
    m, k : int
        Mantissa width and virtual bit shift; m + k is at most 18.

    Raises
    ------
    ValueError
        The sizes differ or are not 2**bits of any code width below 8, m + k or k is out of
        range, or a mantissa does not fit m bits.
    """

    mantissa: npt.NDArray[np.int32]
    internal: npt.NDArray[np.bool_]
    m: int
    k: int

    def __post_init__(self) -> None:
        sizes = tuple(1 << bits for bits in spec.CODE_BITS if bits < 8)
        shape = self.mantissa.shape
        if shape != self.internal.shape or shape not in {(size,) for size in sizes}:
            raise ValueError(
                f"LUT has {shape} mantissas and {self.internal.shape} range flags; "
                f"expected the same number of both, one of {sizes}"
            )
        if self.k < 0 or self.m + self.k > spec.WEIGHT_BITS:
            raise ValueError(
                f"m is {self.m} and k is {self.k}; expected k >= 0 and m + k <= {spec.WEIGHT_BITS}"
            )
        word = QFormat(self.m, self.m - 1)
        if self.mantissa.min() < word.low or self.mantissa.max() > word.high:
            raise ValueError(
                f"LUT mantissas range from {self.mantissa.min()} to {self.mantissa.max()}; "
                f"expected {word.low} to {word.high}, m = {self.m} bits"
            )

    @property
    def bits(self) -> int:
        """Width n of a code."""
        return len(self.mantissa).bit_length() - 1

    @property
    def decoded(self) -> npt.NDArray[np.int32]:
        """Each code's weight as an integer in units of 2**-(m - 1 + k), int32 (2**bits,)."""
        return np.where(self.internal, self.mantissa, self.mantissa << self.k).astype(np.int32)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Each code's exact weight, float64 (2**bits,)."""
        return self.decoded * 2.0 ** -(self.m - 1 + self.k)

    def rows(self) -> list[LutRow]:
        """Return the entries as in the paper's Tables 1 and 2.

        The arithmetic uses the signed `mantissa`, in units of 2**-(m - 1). The paper prints
        magnitudes, whose sign follows from the code: `binary` has m + k fractional bits, and
        `stored` the m of them that can be nonzero, the last m of an internal entry and the first
        m of an external one. Because one of the m bits of a signed mantissa is its sign, the
        last stored bit is always 0: 0.02099609 with m = 8 and k = 4 is .000001010110, stored
        01010110, mantissa 43. The most negative mantissa cannot be written so; `stored` is "-".
        """
        return [self._row(code) for code in range(len(self.mantissa))]

    def _row(self, code: int) -> LutRow:
        mantissa, internal = int(self.mantissa[code]), bool(self.internal[code])
        width = self.m + self.k
        whole, fraction = divmod(2 * abs(int(self.decoded[code])), 1 << width)
        digits = f"{fraction:0{width}b}"
        stored = digits[-self.m :] if internal else digits[: self.m]
        return LutRow(
            code=f"{code:0{self.bits}b}",
            value=float(self.values[code]),
            partition="int" if internal else "ext",
            mantissa=mantissa,
            binary=f"{'-' * (mantissa < 0)}{whole or ''}.{digits}",
            stored=stored if 2 * abs(mantissa) < 1 << self.m else "-",
        )

    def __str__(self) -> str:
        width = self.m + self.k + 3
        lines = [f"code  {'value':>15}  part  mantissa  {'binary':>{width}}  stored"]
        for row in self.rows():
            lines.append(
                f"{row.code:>4}  {row.value:>15.10g}  {row.partition:>4}  {row.mantissa:>8}  "
                f"{row.binary:>{width}}  {row.stored}"
            )
        return "\n".join(lines)


def decode(codes: npt.NDArray[np.uint8], lut: Lut | None) -> npt.NDArray[np.int32]:
    """Decode codes to integer weights, int32 of the same shape.

    The unit is 2**-(m - 1 + k). Without a LUT, the 8-bit codes are two's complement.
    """
    return codes.view(np.int8).astype(np.int32) if lut is None else lut.decoded[codes]
