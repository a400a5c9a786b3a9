"""The traffic of a run as text: a table of the layers, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .traffic import Counted, LayerTraffic, Traffic


def table(traffic: Traffic) -> str:
    """Return the bytes of each layer and of a pass, what was streamed, and the ledger if any."""
    return "\n".join(_lines(traffic))


def _lines(traffic: Traffic) -> Iterator[str]:
    yield "weights         bits   ideal bytes  streamed    at 8 bits  as float32"
    for number, layer in enumerate(traffic.layers, 1):
        yield _row(f"{number}: {layer.inputs} to {layer.outputs}", str(layer.bits), layer)
    yield _row("one pass", "", traffic)
    if traffic.padded < traffic.at(8):
        at_8, at_32 = (1 - traffic.padded / traffic.at(bits) for bits in (8, 32))
        yield f"streamed codes save {at_8:.1%} of 8-bit weights, {at_32:.1%} of float32"
    if traffic.tables:
        yield f"headers, look-up tables and biases add {traffic.tables:,} bytes to a pass"
    if traffic.frames:
        unit = traffic.rows.unit
        yield (
            f"{traffic.frames} {unit}s in {traffic.passes} passes: {traffic.streamed:,} bytes of "
            f"codes, {traffic.per_frame:,.0f} a {unit} (from the layout)"
        )
    if traffic.counted:
        yield from _ledger(traffic, traffic.counted)


def _ledger(traffic: Traffic, counted: Counted) -> Iterator[str]:
    yield f"{'reconciled to the byte':<24}{'model':>14}{'DMA':>14}{'hardware':>14}"
    for slot, size in traffic.slots.items():
        dma, hardware = counted.dma[slot], counted.hardware[slot]
        yield f"{traffic.rows.slot(slot):<24}{size:>14,}{dma:>14,}{hardware:>14,}"


def _row(name: str, bits: str, of: LayerTraffic | Traffic) -> str:
    return f"{name:<17}{bits:>3}{of.ideal:>14,}{of.padded:>10,}{of.at(8):>13,}{of.at(32):>12,}"
