"""AXI ports of a kernel."""

from __future__ import annotations

from ... import spec
from ..fabric import Resources, logic, register


def ports(streams: int, registers: int) -> Resources:
    """Return the cost of AXI ports: two words per stream; registers, an address and a data word."""
    beat = spec.BEAT_BITS + 2  # TLAST and valid
    lite = (registers + 2) * (logic(32) + register(32))
    return streams * 2 * (logic(beat) + register(beat)) + lite
