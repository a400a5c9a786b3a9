"""Figures computed from timed blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ... import spec
from ...hardware.traffic import (
    CODES,
    SPECTRA_IN,
    SPECTRA_OUT,
    LayerTraffic,
    stream_bytes,
)
from ...hardware.traffic import SPECTRA as SPEECH
from .figures import (
    BLOCKS,
    COUNTED,
    DDR,
    MODELLED,
    P50,
    P99,
    PER_ROW,
    RATE,
    REAL_TIME,
    SHARES,
    SPECTRA,
    WEIGHTS,
    Figure,
)
from .session import Timed

if TYPE_CHECKING:
    from ...backends.virtual import Ledger

FRAME_RATE = spec.SAMPLE_RATE / spec.HOP  # frames per second of real-time audio


def figures(
    timed: Timed,
    layers: Sequence[LayerTraffic],
    kind: str,
    *,
    raw: bool = False,
    row_bytes: int = SPEECH.bytes,
) -> dict[str, Figure]:
    """Return all figures of the timed blocks.

    Parameters
    ----------
    timed : Timed
    layers : sequence of LayerTraffic
    kind : str
        Kind of the times: `MEASURED` or `MODELLED`.
    raw : bool
        Whether these are rows of a plain network, which have no real time.
    row_bytes : int
        Bytes of a row, or of a frame's spectra, in and out; for backends without byte counters.
    """
    rate = timed.frames / float(timed.laps.mean())
    half, most = (1e3 * float(np.quantile(timed.laps, q)) for q in (0.5, 0.99))
    per_row = {PER_ROW: Figure(1e6 / rate, "us", kind)}
    live = {REAL_TIME: Figure(rate / FRAME_RATE, "1", kind)}
    found = {
        RATE: Figure(rate, "1/s", kind),
        **(per_row if raw else live),
        P50: Figure(half, "ms", kind),
        P99: Figure(most, "ms", kind),
        BLOCKS: Figure(len(timed.laps), "1", COUNTED),
    }
    if timed.counted:
        found |= _counted(timed, rate, kind)
    else:
        found |= _modelled(timed.frames, layers, row_bytes)
    return found | (_shares(timed.ledger, kind) if timed.ledger else {})


def _counted(timed: Timed, rate: float, kind: str) -> dict[str, Figure]:
    """Return bytes from the hardware counters, reconciled with the DMAs' for every block."""
    assert timed.counted is not None
    frames, seen = timed.frames * len(timed.laps), timed.counted.hardware
    weights, spectra = seen[CODES] / frames, (seen[SPECTRA_IN] + seen[SPECTRA_OUT]) / frames
    return {
        WEIGHTS: Figure(weights, "bytes", COUNTED),
        SPECTRA: Figure(spectra, "bytes", COUNTED),
        DDR: Figure(rate * (weights + spectra) / 1e6, "MB/s", kind),
    }


def _modelled(frames: int, layers: Sequence[LayerTraffic], row_bytes: int) -> dict[str, Figure]:
    """Return bytes from the layout: the whole code stream, or the float32 weights."""
    coded = all(layer.bits in spec.CODE_BITS for layer in layers)
    size = stream_bytes(layers) if coded else sum(layer.ideal for layer in layers)
    return {
        WEIGHTS: Figure(size / frames, "bytes", MODELLED),
        SPECTRA: Figure(row_bytes, "bytes", MODELLED),
    }


def _shares(ledger: Ledger, kind: str) -> dict[str, Figure]:
    spent = (ledger.python, ledger.dma, ledger.kernel)
    return {
        name: Figure(seconds / ledger.elapsed, "1", kind)
        for name, seconds in zip(SHARES, spent, strict=True)
    }
