"""Layers with memory, and recurrent layers."""

from __future__ import annotations

from ... import spec
from ...geometry import Geometry
from ..fabric import (
    Resources,
    adder,
    adder_tree,
    block_memory,
    multiplier,
    register,
    select,
    shifter,
    small_memory,
)
from .codes import aligned_bias, decoding
from .output import curve, rounded, rounding_constants, saturation
from .widths import SUM


def memory(geometry: Geometry) -> Resources:
    """Return the cost of layers with memory: two banks of states, steps, outputs.

    Kernels by code run two units a clock, from two memories of states. A unit's three words come
    from any of the banks of one frame.
    """
    units = 1 + geometry.by_code
    states = units * block_memory(2 * spec.MAX_UNITS // units, spec.STATE.bits)
    frame = geometry.banks * select(geometry.frame_lanes, spec.CURVE.bits)
    gathered = frame + units * 3 * select(geometry.banks, spec.CURVE.bits)
    shown = multiplier(spec.STATE.bits, spec.CURVE.bits) + adder(spec.STATE.bits + spec.CURVE.bits)
    return states + gathered + units * (state_step() + shown)


def state_step() -> Resources:
    """Return the cost of a step of a unit's state towards its candidate."""
    bits = spec.STATE.bits + spec.CURVE.bits + 1
    product = multiplier(spec.STATE.bits + 1, spec.CURVE.bits)
    return adder(spec.STATE.bits + 1) + product + 2 * adder(bits)  # one rounds


def recurrent(geometry: Geometry) -> Resources:
    """Return the cost of recurrent layers: kept codes, a multiplier per lane, gates, a step.

    States are those of layers with memory. A unit's inputs come from any bank of one frame.
    """
    kept = block_memory(geometry.kept, spec.BEAT_BITS * geometry.ports)
    recent = geometry.lanes * small_memory(spec.CURVE.bits)  # two banks of 13 words or fewer
    multipliers = geometry.lanes * multiplier(spec.CURVE.bits, spec.WEIGHT_BITS)
    weights = decoding(geometry) + geometry.lanes * register(spec.WEIGHT_BITS)
    tree = adder_tree(geometry.lanes, spec.CURVE.bits + spec.WEIGHT_BITS)
    sums = aligned_bias() + 2 * adder(SUM)
    given = select(geometry.banks * geometry.frame_lanes, geometry.bits)
    inputs = given + shifter(SUM, SUM)
    limits = 2 * (rounding_constants() + rounded() + saturation(geometry))
    reset = multiplier(spec.HIDDEN.bits, spec.CURVE.bits)
    reset += adder(spec.HIDDEN.bits + spec.CURVE.bits) + adder(SUM)  # rounds; adds the input
    gates = limits + 2 * curve() + reset + state_step() + 2 * register(spec.CURVE.bits)
    return kept + recent + multipliers + weights + tree + sums + inputs + gates
