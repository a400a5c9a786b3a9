"""Timing of the virtual board: parameters, and the loops of `lut_mac` from the cycle model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ... import spec
from ...geometry import Geometry
from ...hardware import cycles
from ...hardware.traffic import BEAT_BYTES, LayerTraffic
from ...network.pack import Beats
from .call import Call


@dataclass(frozen=True)
class Timing:
    """Assumed timing of a board; all but `read_share` and `write_share` need to be measured on one.

    Parameters
    ----------
    access : float
        Seconds of Python for one read or write of a register.
    sync : float
        Seconds of Python for one flush or invalidation.
    latency : float
        Seconds from the start of a transfer to its first beat, and from the last beat of a
        transfer to memory until the DMA knows that it is written.
    bandwidth : float
        Maximum bytes per second between memory and each DMA channel.
    read_share, write_share : float
        The share of clocks in which a DMA moves a beat: PG021 gives 399 and 299 MB/s of
        400 MB/s for AXI DMA with a stream of 32 bits at 100 MHz.
    patience : float
        Seconds of the board's time for which the host may poll in vain; see `Timeline`.
    """

    access: float = 30e-6
    sync: float = 30e-6
    latency: float = 1e-6
    bandwidth: float = 1.2e9
    read_share: float = 0.9976
    write_share: float = 0.7464
    patience: float = 60.0

    def read_beat(self, clock: float) -> float:
        """Return the seconds between the beats that a DMA reads, at a clock in Hz."""
        return max(1 / (clock * self.read_share), BEAT_BYTES / self.bandwidth)

    def write_beat(self, clock: float) -> float:
        """Return the seconds between the beats that a DMA writes, at a clock in Hz."""
        return max(1 / (clock * self.write_share), BEAT_BYTES / self.bandwidth)


def loops(codes: Beats, call: Call, refused: bool, geometry: Geometry) -> list[cycles.Loop]:
    """Return the loops of `lut_mac` for a block, in order, from the stream of codes it read."""
    past = past_of(codes, call)
    if not refused:
        rows = replace(call.rows, past=past)
        return cycles.Block(list(_layers(codes, geometry)), call.frames, rows).loops
    beats = len(codes) // geometry.ports
    drained = cycles.Loop("DRAIN", beats, beats)
    loaded, sent = cycles.row_loops(call.beats_in, call.beats_out, call.raw, past)
    return [cycles.Loop("MODEL", 1, 1), loaded, drained, sent]


def past_of(codes: Beats, call: Call) -> int:
    """Return the number of earlier frames that are loaded before the block's."""
    single = len(codes) and _field(codes[0], spec.MODEL_BEAT["single"])
    return 0 if call.raw or single else spec.CONTEXT - 1


def _layers(codes: Beats, geometry: Geometry) -> Iterator[LayerTraffic]:
    """Yield the layers of a stream of codes that was not refused."""
    at = geometry.ports
    for _ in range(_field(codes[0], spec.MODEL_BEAT["layers"])):
        names = ("outputs", "inputs", "code_bits", "wide_bias", "activation")
        outputs, inputs, bits, wide, kind = (
            _field(codes[at], spec.LAYER_BEAT[name]) for name in names
        )
        name, units = spec.ACTIVATIONS[kind], 0
        if name in ("memory", "gru"):
            units = _field(codes[at + geometry.ports], spec.ACTIVATION_BEAT["units"])
        layer = LayerTraffic(
            outputs, inputs, bits, bool(wide), bool(kind), units, name == "gru", geometry
        )
        yield layer
        at += (layer.tables + layer.padded) // BEAT_BYTES


def _field(beat: int, field: spec.Field) -> int:
    return int(beat) >> field.low & (1 << field.bits) - 1
