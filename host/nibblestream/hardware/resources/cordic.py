"""The CORDIC kernels, and the FIFO of magnitudes and phases beside `lut_mac`."""

from __future__ import annotations

from typing import Final

from ... import spec
from ...geometry import Geometry
from ..fabric import Resources, adder, block_memory, delay, logic, multiplier, register
from .codes import digest
from .ports import ports

LENGTH_BITS: Final = spec.SPECTRUM.bits + 2 + spec.CORDIC_GUARD  # inside the CORDIC
ANGLE_BITS: Final = spec.CORDIC_ANGLE_BITS + 2


def cordic_stage() -> Resources:
    """Return the cost of one stage: x plus or minus y, y plus or minus x, and the angle."""
    return 2 * adder(LENGTH_BITS) + adder(ANGLE_BITS)


def cordic(length: int) -> Resources:
    """Return the cost of all stages, and of correcting the gain of a word of `length` bits."""
    inverse = spec.CORDIC_INVERSE_GAIN_FRAC + 1
    ungained = multiplier(length, inverse) + adder(length + inverse)  # the adder rounds
    return spec.CORDIC_ITERATIONS * cordic_stage() + ungained


def cordic_vectoring() -> Resources:
    """Return the cost of `cordic_vectoring`: spectra to magnitudes and phases."""
    opposite = 2 * adder(LENGTH_BITS)
    own = cordic(LENGTH_BITS) + opposite + adder(ANGLE_BITS) + passing() + digest()
    return own + ports(streams=3, registers=5)


def cordic_rotation() -> Resources:
    """Return the cost of `cordic_rotation`: gains or magnitudes, and phases, to spectra."""
    word = spec.MAGNITUDE.bits + 1
    gain = multiplier(word, spec.GAIN.bits) + adder(word + spec.GAIN.bits)
    opposite = adder(LENGTH_BITS)
    parts = 2 * (adder(LENGTH_BITS) + logic(spec.SPECTRUM.bits) + register(spec.SPECTRUM.bits))
    own = cordic(word) + gain + opposite + parts + passing() + digest()
    return own + ports(streams=3, registers=5)


def passing() -> Resources:
    """Return the cost of passing beats of rows through a CORDIC kernel, behind its stages."""
    return delay(spec.BEAT_BITS) + logic(spec.BEAT_BITS) + 2 * adder(32)  # of them left and in all


def polar_fifo(geometry: Geometry) -> Resources:
    """Return the cost of the FIFO that delays magnitudes and phases: beats with TLAST."""
    counters = 3 * adder(geometry.polar_depth.bit_length())
    return block_memory(geometry.polar_depth, spec.BEAT_BITS + 1) + counters
