"""The byte ledger: what a model's codes cost to stream, and what they would cost otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import pack, spec


@dataclass(frozen=True)
class LayerTraffic:
    """Weight bytes of one layer, for one pass over all codes.

    Parameters
    ----------
    outputs, inputs : int
    bits : int
        Of one code; 32 for a float layer.
    """

    outputs: int
    inputs: int
    bits: int

    @property
    def ideal(self) -> int:
        """Bytes of the codes without padding, as the paper's Table 3 counts them."""
        return self.at(self.bits)

    @property
    def padded(self) -> int:
        """Bytes of the stream, whose rows each fill whole 64-bit beats."""
        if self.bits not in spec.CODE_BITS:
            return self.ideal
        return pack.stream_bytes((self.outputs, self.inputs), self.bits)

    def at(self, bits: int) -> int:
        """Bytes of as many weights of `bits` bits, without padding."""
        return pack.ideal_bytes((self.outputs, self.inputs), bits)


@dataclass(frozen=True)
class Traffic:
    """Bytes of weights that a run streamed, counted from the model's layout, not measured.

    Parameters
    ----------
    layers : sequence of LayerTraffic
    frames : int
        Frames processed.
    passes : int
        Times all codes were streamed: each pass serves a block of frames.
    """

    layers: Sequence[LayerTraffic]
    frames: int
    passes: int

    @property
    def ideal(self) -> int:
        """Bytes of all codes, without padding."""
        return sum(layer.ideal for layer in self.layers)

    @property
    def padded(self) -> int:
        """Bytes of one pass."""
        return sum(layer.padded for layer in self.layers)

    @property
    def streamed(self) -> int:
        """Bytes of all passes."""
        return self.passes * self.padded

    @property
    def per_frame(self) -> float:
        """Bytes streamed for each frame; those of one pass if nothing has run yet."""
        return self.streamed / self.frames if self.frames else float(self.padded)

    def at(self, bits: int) -> int:
        """Bytes of as many weights of `bits` bits, without padding."""
        return sum(layer.at(bits) for layer in self.layers)

    def __str__(self) -> str:
        rows = ["weights         bits   ideal bytes  streamed    at 8 bits  as float32"]
        for number, layer in enumerate(self.layers, 1):
            name = f"{number}: {layer.inputs} to {layer.outputs}"
            rows.append(_row(name, str(layer.bits), layer))
        rows.append(_row("one pass", "", self))
        if self.padded < self.at(8):
            at_8, at_32 = (1 - self.padded / self.at(bits) for bits in (8, 32))
            rows.append(f"streamed codes save {at_8:.1%} of 8-bit weights, {at_32:.1%} of float32")
        if self.frames:
            rows.append(
                f"{self.frames} frames in {self.passes} passes: {self.streamed:,} bytes, "
                f"{self.per_frame:,.0f} a frame (not measured)"
            )
        return "\n".join(rows)


def _row(name: str, bits: str, of: LayerTraffic | Traffic) -> str:
    return f"{name:<17}{bits:>3}{of.ideal:>14,}{of.padded:>10,}{of.at(8):>13,}{of.at(32):>12,}"
