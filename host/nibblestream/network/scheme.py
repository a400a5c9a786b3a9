"""Quantization scheme of one layer: the paper's parameters and the sizes of the two partitions."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

import numpy as np

from .. import spec

CALIBRATED = ("fisher", "gptq", "refit", "distil", "auto")  # need calibration recordings
TRAINED = "qat"  # codes from fine-tuning only
FREE = ("kmeans", *CALIBRATED, TRAINED)  # any LUT entry may be internal or external
NAMES = ("u", "u-vbs", "rs", "rs-vbs", "rs-vbs-asym", "kmeans", *CALIBRATED)


def partition_sizes(bits: int, ratio: float) -> tuple[int, int]:
    """Return the number of intervals of both partitions, equations (1) to (3).

    Parameters
    ----------
    bits : int
        Width n of a code.
    ratio : float
        R_B, internal over external intervals.

    Returns
    -------
    external, internal : int
        Their sum is 2**bits; `external` is even, half for each tail.

    Raises
    ------
    ValueError
        The ratio leaves a partition without intervals.
    """
    floor = math.floor(2**bits / (1 + ratio)) if ratio > 0 else 2**bits
    external = floor + floor % 2
    internal = 2**bits - external
    if not external or not internal:
        raise ValueError(
            f"ratio {ratio} splits {2**bits} intervals into {external} external and {internal} "
            "internal, but both partitions need at least one: use a ratio nearer to 1"
        )
    return external, internal


@dataclass(frozen=True)
class Scheme:
    """A quantization scheme and its parameters (paper, section 2, and beyond).

    Parameters
    ----------
    name : str
        The paper's "u" (uniform), "u-vbs" (uniform with virtual bit shift), "rs" (range split)
        and "rs-vbs"; one of the other schemes listed by `quantize`; or "qat" for trained codes.
    bits : int
        n, the width of a code: 2, 3 or 4, and for the uniform schemes also 8.
    m : int
        Width of a LUT entry, `bits` to 8.
    k : int, optional
        Virtual bit shift, 0 to 18 - m; None selects the largest that the weights allow, or the
        best.
    ratio : float
        R_B of equation (1), internal over external intervals; range split only.
    p_start, p_stop : float
        Quantiles of the weights at which the internal partition begins and ends, in (0, 1).
    tails : (int, int), optional
        Numbers of external intervals below and above the internal partition; replaces `ratio`, for
        "rs-vbs-asym" only. None searches for `tails`, `p_start` and `p_stop`.

    Raises
    ------
    TypeError
        bits, m or k is not a whole number.
    ValueError
        A parameter is out of range, or does not apply to this scheme.
    """

    name: str = "rs-vbs"
    bits: int = 4
    m: int = spec.MANTISSA_BITS
    k: int | None = None
    ratio: float = 1.0
    p_start: float = 0.04
    p_stop: float = 0.96
    tails: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.name not in (*NAMES, TRAINED):
            raise ValueError(f"scheme is {self.name!r}; expected one of {', '.join(NAMES)}")
        self._check_types()
        self._check_widths()
        self._check_shift()
        if self.bits == 8 and (self.split or self.free):
            raise ValueError(
                f"8-bit codes are the weights themselves and have no LUT, so {self.name} does not "
                "apply: use u or u-vbs, or fewer bits"
            )
        if self.split:
            self._check_split()
        self._check_tails()

    @property
    def split(self) -> bool:
        """Whether the weights' range is split into an internal and an external partition."""
        return self.name.startswith("rs")

    @property
    def shifted(self) -> bool:
        """Whether the virtual bit shift may be nonzero."""
        return self.free or "vbs" in self.name

    @property
    def free(self) -> bool:
        """Whether any LUT entry may be internal or external, whatever its value."""
        return self.name in FREE

    @property
    def calibrated(self) -> bool:
        """Whether the scheme needs calibration recordings."""
        return self.name in CALIBRATED

    @property
    def partitions(self) -> tuple[int, int, int]:
        """Numbers of intervals of the lower tail, the internal partition and the upper tail."""
        if self.tails is not None:
            lower, upper = self.tails
            return lower, (1 << self.bits) - lower - upper, upper
        external, internal = partition_sizes(self.bits, self.ratio)
        return external // 2, internal, external // 2

    def __str__(self) -> str:
        shares = (
            f"ratio {self.ratio:g}" if self.tails is None else "tails {} and {}".format(*self.tails)
        )
        split = f", {shares}, p {self.p_start:g} to {self.p_stop:g}"
        return f"{self.bits}-bit {self.name} (m {self.m}{split if self.split else ''})"

    def _check_types(self) -> None:
        """Reject non-numbers, and convert NumPy scalars to Python numbers for JSON."""
        for field in ("bits", "m", "k"):
            value = getattr(self, field)
            if (field, value) == ("k", None):
                continue
            if not isinstance(value, (int, np.integer)):
                raise TypeError(f"{field} is {value!r}; expected a whole number")
            object.__setattr__(self, field, int(value))
        for field in ("ratio", "p_start", "p_stop"):
            object.__setattr__(self, field, float(getattr(self, field)))

    def _check_widths(self) -> None:
        if self.bits not in spec.CODE_BITS:
            raise ValueError(f"bits is {self.bits}; expected one of {spec.CODE_BITS}")
        if not self.bits <= self.m <= spec.MANTISSA_BITS:
            raise ValueError(
                f"m is {self.m}; expected {self.bits} (bits) to {spec.MANTISSA_BITS}, "
                "the width of a LUT entry"
            )

    def _check_shift(self) -> None:
        most = spec.WEIGHT_BITS - self.m if self.shifted else 0
        if self.k is None or 0 <= self.k <= most:
            return
        if not self.shifted:
            raise ValueError(f"k is {self.k}, but {self.name} does not shift: use {self.name}-vbs")
        raise ValueError(
            f"k is {self.k}; expected 0 to {most}: a decoded weight has m + k bits, "
            f"and the multiplier takes {spec.WEIGHT_BITS}"
        )

    def _check_split(self) -> None:
        if not 0 < self.p_start < self.p_stop < 1:
            raise ValueError(
                f"p_start is {self.p_start} and p_stop {self.p_stop}; "
                "expected 0 < p_start < p_stop < 1"
            )
        partition_sizes(self.bits, self.ratio)

    def _check_tails(self) -> None:
        if self.tails is None:
            return
        if self.name != "rs-vbs-asym":
            raise ValueError(f"tails are {self.tails}, but {self.name} has none: use rs-vbs-asym")
        object.__setattr__(self, "tails", tuple(operator.index(tail) for tail in self.tails))
        if len(self.tails) != 2 or min(self.tails) < 1 or sum(self.tails) >= 1 << self.bits:
            raise ValueError(
                f"tails are {self.tails}; expected two counts of 1 or more with a sum below "
                f"{1 << self.bits}"
            )
