"""Widths of the words inside the kernels, in bits."""

from __future__ import annotations

from typing import Final

from ... import spec
from ...geometry import Geometry

SUM: Final = spec.ACCUMULATOR_BITS
VALUES: Final = spec.BEAT_BITS // spec.NARROW_VALUE_BITS  # most values in a beat of rows


def address(geometry: Geometry) -> int:
    """Return the bits of an address of an activation memory."""
    return (geometry.depth - 1).bit_length()
