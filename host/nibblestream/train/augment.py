"""Data augmentation: random rooms, microphones and telephone bands.

All filters are applied to whole segments in the frequency domain.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Rng = np.random.Generator


def filtered(signal: Float, response: Float | Complex) -> Float:
    """Apply a frequency response, shape (samples // 2 + 1,), to a segment (circularly)."""
    return np.fft.irfft(np.fft.rfft(signal) * response, len(signal))


def equaliser(rng: Rng, samples: int, spread: float) -> Float:
    """Draw a gain curve: linear in dB between eight points of `spread` dB standard deviation."""
    position = np.linspace(0, 1, samples // 2 + 1)
    points = np.concatenate([[0], np.sort(rng.uniform(0, 1, 6)), [1]])
    return np.asarray(10 ** (np.interp(position, points, rng.normal(0, spread, 8)) / 20))


def telephone(rng: Rng, samples: int) -> Float:
    """Draw a telephone band: Butterworth-like edges near 300 and 3400 Hz, orders 2 to 8."""
    hertz = np.linspace(1e-3, spec.SAMPLE_RATE / 2, samples // 2 + 1)
    low, high = rng.uniform(200, 400), rng.uniform(2800, 3700)
    order = rng.uniform(2, 8)
    return 1 / np.sqrt((1 + (low / hertz) ** (2 * order)) * (1 + (hertz / high) ** (2 * order)))


def room(rng: Rng, samples: int) -> Complex:
    """Draw a mildly reverberant room: a direct path and an exponentially decaying tail."""
    decay = rng.uniform(0.1, 0.5)  # seconds to -60 dB
    time = np.arange(int(decay * spec.SAMPLE_RATE)) / spec.SAMPLE_RATE
    tail = rng.normal(size=len(time)) * 10 ** (-3 * time / decay)
    tail *= 10 ** (rng.uniform(-15, -3) / 20) / np.linalg.norm(tail)
    tail[0] = 1.0
    return np.fft.rfft(tail, samples)


def channel(rng: Rng, signal: Float, spread: float = 5.0) -> Float:
    """Filter a segment with a random microphone response; `spread` as in `equaliser`."""
    response = equaliser(rng, len(signal), spread)
    if rng.random() < 0.3:
        response = response * telephone(rng, len(signal))
    return filtered(signal, response)
