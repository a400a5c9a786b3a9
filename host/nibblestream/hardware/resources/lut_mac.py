"""The kernel `lut_mac`, which runs all layers."""

from __future__ import annotations

from ...geometry import Geometry
from ..fabric import Resources, adder, multiplier
from . import by_code
from .codes import aligned_bias, biases, decoding, digest, table_copies
from .frame_lane import frame_lane
from .inputs import features, rows, sending, writing
from .memory import memory, recurrent
from .output import activation, rounding_constants
from .ports import ports


def lut_mac(geometry: Geometry) -> Resources:
    """Return the cost of `lut_mac`; recurrent layers only where their codes can be kept."""
    layers = by_code.kernel(geometry) if geometry.by_code else by_rows(geometry)
    if geometry.kept:
        layers += recurrent(geometry)
    if geometry.kept or not geometry.by_code:
        layers += table_copies(geometry)
    layers += rounding_constants() + biases() + memory(geometry)
    moved = features(geometry) + writing(geometry) + rows(geometry) + sending(geometry)
    checks = 2 * multiplier(13, 10)  # a header's rows times steps, by quarters and by groups
    counters = 2 * adder(32) + 6 * adder(12)  # beats and clocks left; rows, steps, frames, bins
    streams = digest(geometry.ports) + ports(streams=2 + geometry.ports, registers=9)
    return layers + moved + checks + counters + streams


def by_rows(geometry: Geometry) -> Resources:
    """Return the cost of all frame lanes, and of the weights and biases that they share."""
    lane = frame_lane(geometry) + activation(geometry)
    return geometry.frame_lanes * lane + decoding(geometry) + aligned_bias()
