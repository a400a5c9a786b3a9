"""The stream of codes: digest, gearbox, look-up tables, biases."""

from __future__ import annotations

from ... import spec
from ...geometry import Geometry
from ..fabric import Resources, block_memory, logic, register, select, shifter, small_memory
from .widths import SUM


def digest(ports: int = 1) -> Resources:
    """Return the cost of the digest of a stream of as many beats a clock."""
    return logic(spec.BEAT_BITS * ports) + register(spec.BEAT_BITS)


def gearbox(geometry: Geometry) -> Resources:
    """Return the cost of cutting beats into steps, on each memory port."""
    return 2 * geometry.ports * shifter(spec.BEAT_BITS, 4)


def decoding(geometry: Geometry) -> Resources:
    """Return the cost of decoding beats into the weights of all lanes."""
    code = select(3, 4)  # codes of 2, 3 or 4 bits
    weight = logic(spec.WEIGHT_BITS)  # the table's, an 8-bit code, or zero
    beyond = logic(spec.MAX_WIDTH.bit_length(), 0.5)  # whether the lane is beyond the row's end
    return gearbox(geometry) + geometry.lanes * (code + weight + beyond)


def table_copies(geometry: Geometry) -> Resources:
    """Return the cost of a decoded table per lane, as all are read at once, and of the weights."""
    return geometry.lanes * (small_memory(spec.WEIGHT_BITS) + register(spec.WEIGHT_BITS))


def biases() -> Resources:
    """Return the cost of the memory of biases."""
    words = spec.MAX_WIDTH * spec.WIDE_BIAS_BITS // spec.BEAT_BITS
    return block_memory(words, spec.BEAT_BITS)


def aligned_bias() -> Resources:
    """Return the cost of a bias on the accumulator's grid, from a beat of narrow or wide ones."""
    narrow, wide = (spec.BEAT_BITS // bits for bits in (spec.BIAS.bits, spec.WIDE_BIAS_BITS))
    chosen = select(narrow, spec.BIAS.bits) + select(wide, spec.WIDE_BIAS_BITS)
    return chosen + logic(spec.WIDE_BIAS_BITS) + shifter(SUM, SUM)
