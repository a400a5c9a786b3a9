"""One frame lane of a kernel by rows: activation memories, multipliers, adders, accumulators."""

from __future__ import annotations

from ... import spec
from ...geometry import Geometry
from ..fabric import Resources, adder, adder_tree, block_memory, multiplier, register, select
from .output import rounded, saturation
from .widths import SUM


def frame_lane(geometry: Geometry) -> Resources:
    """Return the cost of a frame lane, from its activation memories to its outputs.

    Each group of frames has its own accumulator.
    """
    memories = geometry.banks * block_memory(geometry.depth, geometry.bits)
    multipliers = geometry.lanes * multiplier(geometry.bits, spec.WEIGHT_BITS)
    tree = adder_tree(geometry.lanes, geometry.bits + spec.WEIGHT_BITS)
    sums = geometry.groups * register(SUM) + select(geometry.groups, SUM) + adder(SUM)
    return memories + multipliers + tree + sums + rounded() + saturation(geometry)
