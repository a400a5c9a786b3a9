"""The byte ledger: every block's bytes by the layout, the DMAs and the hardware counters agree."""

from __future__ import annotations

from collections.abc import Sequence

from .traffic import CODES, SPECTRA, Counted, LayerTraffic, RowTraffic, model_bytes, slot_bytes


class LedgerError(RuntimeError):
    """The byte counts of the model, the DMA and the hardware counters differ."""


def reconcile(
    layers: Sequence[LayerTraffic], frames: int, counted: Counted, rows: RowTraffic = SPECTRA
) -> None:
    """Compare the bytes moved for one block with those of the model.

    Raises
    ------
    LedgerError
        They differ; the message names the port and, for codes, the layer where the bytes end.
    """
    for slot, size in slot_bytes(layers, frames, 1, rows).items():
        sides = (("the DMA moved", counted.dma), ("the hardware counted", counted.hardware))
        for who, found in sides:
            if found[slot] != size:
                where = f", which end {_where(layers, found[slot])}" if slot == CODES else ""
                raise LedgerError(
                    f"{rows.slot(slot)}: the model says {size} bytes, {who} {found[slot]}{where}"
                )


def _where(layers: Sequence[LayerTraffic], size: int) -> str:
    """Return where the first `size` bytes of the stream of codes end."""
    end = model_bytes(layers)
    if size <= end:
        return "in the model's header"
    for number, layer in enumerate(layers, 1):
        end += layer.tables + layer.padded
        if size <= end:
            return f"in layer {number} ({layer.inputs} to {layer.outputs}, {layer.bits} bits)"
    return f"{size - end} bytes after layer {len(layers)}, the last"
