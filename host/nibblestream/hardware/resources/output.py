"""From a sum to an output: rounding, limits, activations."""

from __future__ import annotations

from ... import spec
from ...geometry import Geometry
from ..fabric import (
    Resources,
    adder,
    block_memory,
    delay,
    logic,
    multiplier,
    register,
    shifter,
)
from .widths import SUM


def rounded() -> Resources:
    """Return the cost of rounding a sum and shifting it right."""
    return adder(SUM) + shifter(SUM, SUM)


def rounding_constants() -> Resources:
    """Return the cost of the rounding constants for a layer's shift: half a step, and one less."""
    return 2 * (logic(SUM) + register(SUM))


def saturation(geometry: Geometry) -> Resources:
    """Return the cost of limiting a sum: a LUT compares two bits; one limit, or zero, is chosen."""
    return logic(SUM, 0.5) + logic(geometry.bits) + register(geometry.bits)


def activation(geometry: Geometry) -> Resources:
    """Return the cost of activations other than ReLU.

    A clip has two limits to compare with, a leaky ReLU another shift for negative sums. Sigmoid and
    tanh read a chord from a table of their own: two ports of a block RAM are not wide enough to
    share one.
    """
    word = spec.CURVE_INPUT_BITS + 1
    limit, distance = logic(SUM, 0.5), logic(spec.LAYER_BEAT["shift"].bits)
    chosen = logic(geometry.bits) + register(geometry.bits)
    aligned = shifter(word, word)
    return limit + distance + aligned + curve() + chosen + delay(geometry.bits)


def curve() -> Resources:
    """Return the cost of a sigmoid or tanh: a magnitude, a chord from a table, interpolation."""
    start, height = spec.CURVE.frac + 1, spec.CURVE.bits
    steps = spec.CURVE_INPUT_BITS - spec.CURVE_INDEX_BITS  # bits that interpolate on a chord
    chord = block_memory(1 << spec.CURVE_INDEX_BITS, start + steps + 1) + register(start + steps)
    product = multiplier(steps + 2, steps + 1) + adder(height)  # the adder rounds
    signed = adder(height) + logic(height + 1)  # of tanh; sigmoid is half of it and a half
    return adder(spec.CURVE_INPUT_BITS) + chord + product + signed
