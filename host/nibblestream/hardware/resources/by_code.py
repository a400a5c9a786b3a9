"""Kernels by code: activations are added by their code, then each sum is multiplied once.

Each lane has a bucket of 16 sums for each frame lane. When a tile has seen all its inputs, the
multipliers run over its buckets while the next tile fills others.
"""

from __future__ import annotations

from typing import Final

from ... import spec
from ...geometry import Geometry
from ..by_code import SHARED
from ..fabric import (
    Resources,
    adder,
    block_memory,
    logic,
    multiplier,
    register,
    select,
    small_memory,
)
from .codes import aligned_bias, gearbox
from .output import activation, rounded, saturation
from .widths import SUM

TERM_BITS: Final = 11  # that a sum of 2048 activations is wider than one
SPLIT: Final = 24  # low bits of a sum, which one DSP multiplies; another multiplies the rest
CODES: Final = spec.LUT_ENTRIES


def multipliers(geometry: Geometry) -> int:
    """Return the multipliers of a frame lane: each drains 8 of a tile's lanes in 128 clocks."""
    return geometry.lanes // SHARED


def requantisers(geometry: Geometry) -> int:
    """Return the number of requantisers: each takes a sum per clock, of 16 multipliers."""
    return max(1, multipliers(geometry) * geometry.frame_lanes // CODES)


def kernel(geometry: Geometry) -> Resources:
    """Return the cost of all lanes and frame lanes, and of the requantisers that they share."""
    lanes, frames = geometry.lanes, geometry.frame_lanes
    buckets = lanes * frames * bucket(geometry) + lanes * code_lane()
    outputs = requantisers(geometry) * (requantiser(geometry) + activation(geometry))
    table = small_memory(spec.WEIGHT_BITS) + logic(spec.WEIGHT_BITS) + register(spec.WEIGHT_BITS)
    shared = table + gearbox(geometry) + rows(geometry)
    if geometry.groups > 1:  # a tile's codes, for the groups after the first
        shared += block_memory(spec.MAX_WIDTH, spec.BEAT_BITS * geometry.ports)
    return buckets + frames * frame_lane(geometry) + outputs + shared


def bucket(geometry: Geometry) -> Resources:
    """Return the cost of the sums of one lane and frame lane: two copies, one of them drained.

    Each copy holds the sums of two tiles. The same code twice in a row takes the sum from the
    adder: a multiplexer in the adder's LUTs.
    """
    bits = geometry.bits + TERM_BITS
    return 2 * small_memory(bits) + adder(bits) + 2 * register(bits)


def code_lane() -> Resources:
    """Return the cost of a lane's code: selected, compared, and which buckets hold a sum."""
    used = 2 * (register(CODES) + logic(CODES)) + 2 * select(2 * CODES, 1)
    slots = register(4) + 2 * register(4) + logic(4, 0.5)  # a code; the last one, the one written
    return select(3, 4) + used + slots + register(2)  # whether the bucket is new, or the last one


def frame_lane(geometry: Geometry) -> Resources:
    """Return the cost of a frame lane besides its buckets: memories, and what drains buckets."""
    bits = geometry.bits + TERM_BITS
    memories = geometry.banks * block_memory(geometry.depth, geometry.bits)
    value = select(geometry.banks, geometry.bits) + register(geometry.bits)
    product = multiplier(bits, spec.WEIGHT_BITS)
    drained = select(SHARED, bits) + register(bits) + product + register(_held(geometry))
    return memories + value + multipliers(geometry) * drained


def requantiser(geometry: Geometry) -> Resources:
    """Return the cost of a requantiser but for activations: it adds a sum's parts, and the bias."""
    waiting = multipliers(geometry) * geometry.frame_lanes // requantisers(geometry)
    held = select(waiting, _held(geometry)) + register(_held(geometry))
    sums = held + 2 * adder(SUM)  # low and high part; bias
    return sums + rounded() + saturation(geometry)


def rows(geometry: Geometry) -> Resources:
    """Return the cost of the rows that are drained and that wait: their numbers, gates, biases."""
    found = register(spec.MAX_WIDTH.bit_length() + 2 + SUM)
    remainder = spec.MAX_WIDTH.bit_length() * adder(3)  # of a row, divided by the gates of a unit
    return aligned_bias() + remainder + 2 * multipliers(geometry) * found


def _held(geometry: Geometry) -> int:
    """Return the bits of a sum that waits for a requantiser: the low part, the high part."""
    low = SPLIT + spec.WEIGHT_BITS + 4
    return low + geometry.bits + TERM_BITS - SPLIT + spec.WEIGHT_BITS + 4
