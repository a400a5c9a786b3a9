"""What fills the activation memories and empties them: features, rows, outputs."""

from __future__ import annotations

from ... import spec
from ...geometry import Geometry
from ..fabric import (
    Resources,
    adder,
    block_memory,
    logic,
    multiplier,
    register,
    select,
    shifter,
)
from .widths import VALUES, address

LEVEL_BITS = spec.FLOOR_FRAC + 7  # a log2 and a sign


def features(geometry: Geometry) -> Resources:
    """Return the cost of the features: two banks of context and floors, log2, floor tracking."""
    context = block_memory(2 * (spec.CONTEXT - 1) * spec.BINS, geometry.bits)
    floors = block_memory(2 * spec.BINS, LEVEL_BITS)
    value = spec.MAGNITUDE.bits + 1
    table = logic(spec.LOG2_FRAC)  # 64 entries: a LUT per bit
    log = adder(value) + logic(value) + shifter(value, value) + table  # logic: the leading one
    followed = 4 * adder(LEVEL_BITS) + logic(LEVEL_BITS)  # difference, two roundings, sum; select
    feature = 2 * adder(LEVEL_BITS) + logic(spec.FEATURE.bits, 2)
    return context + floors + log + followed + feature


def writing(geometry: Geometry) -> Resources:
    """Return the cost of the memories' write ports: addresses, data and write enables.

    A feature enters up to 8 stacks at once, each in another bank at an address of its own. All
    banks of a frame lane get the same feature or output, but those next to each other different
    values of rows.
    """
    bits = address(geometry)
    found = 4 * adder(bits + 2)  # position * 129 + bin; times groups (2 adders); plus the base
    places = geometry.banks * (found + logic(bits) + register(bits))
    word = VALUES * geometry.bits
    enables = logic(geometry.banks)
    return places + geometry.frame_lanes * (logic(word) + register(word) + enables)


def rows(geometry: Geometry) -> Resources:
    """Return the cost of unpacking the values of a beat of rows, and of two outputs into a beat."""
    unpacked = VALUES * (logic(geometry.bits) + register(geometry.bits))
    outputs = spec.BEAT_BITS // spec.WIDE_VALUE_BITS
    words = geometry.banks * geometry.frame_lanes
    packed = outputs * select(words // outputs, geometry.bits)
    checks = 2 * multiplier(12, 9)  # beats of a row times rows, in and out
    counters = 4 * adder(12)  # rows and values
    return unpacked + packed + checks + counters


def sending(geometry: Geometry) -> Resources:
    """Return the cost of sending outputs, any of the memories' words, limited if they are gains."""
    word = select(geometry.banks * geometry.frame_lanes, geometry.bits)
    return word + 2 * adder(geometry.bits) + 2 * select(2, geometry.bits)
