"""Piecewise enhancement with a running count of the bytes transferred."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .. import Enhancer, QuantizedModel, spec
from ..hardware.traffic import CODES, Traffic

Float = npt.NDArray[np.float64]

PIECE = spec.MAX_BLOCK * spec.HOP  # samples: one pass over the codes per piece


def counted(model: QuantizedModel, noisy: Float, backend: str) -> Iterator[tuple[Float, Traffic]]:
    """Yield the enhanced signal (n,), 8 kHz, piece by piece, each with the traffic so far."""
    with Enhancer(model, backend) as enhancer:
        stream = enhancer.stream()
        for start in range(0, len(noisy), PIECE):
            piece = stream.process(noisy[start : start + PIECE])
            yield piece, enhancer.traffic
        yield stream.flush(), enhancer.traffic


def count(traffic: Traffic) -> str:
    """Return the bytes of codes so far, and the saving against 8-bit codes, as HTML."""
    eight = traffic.passes * traffic.at(8)
    saved = 1 - traffic.streamed / eight if eight else 0.0
    lines = [
        f'<b style="font-size: 1.5em">{traffic.streamed:,} bytes of codes</b>',
        f"{traffic.passes} passes of {traffic.padded:,} bytes for {traffic.frames:,} frames; "
        + (f"{saved:.0%} fewer than 8-bit codes" if saved > 0.005 else "8-bit codes: none saved"),
    ]
    if traffic.counted:
        dma, hardware = traffic.counted.dma[CODES], traffic.counted.hardware[CODES]
        lines.append(f"with headers and tables: DMA {dma:,}, counted at the port {hardware:,}")
    return "<br>".join(lines)
