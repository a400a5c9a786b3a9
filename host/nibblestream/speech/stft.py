"""Float STFT and its inverse with the paper's framing (section 4); equal to librosa's.

A Hann window of 128 samples is centred in a 256-point FFT, with a hop of 64 samples. Frames are
centred on multiples of the hop, and the signal is zero outside its ends. Only the 128 samples in
the window matter, so frame t depends on samples ``64 t - 64`` to ``64 t + 63``.

Networks with memory may use a window of 256 samples, which fills the transform and resolves
harmonics. It is scaled to the same sum, so that spectra have the same formats.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from .. import spec

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

WINDOWS: Final = (spec.WINDOW, spec.FFT)  # samples: 16 or 32 ms


@cache
def hann(window: int) -> Float:
    """Return the Hann window of `window` samples, scaled to a sum of 64; read-only."""
    turns = np.arange(window) / window
    values: Float = (0.5 - 0.5 * np.cos(2 * np.pi * turns)) * (spec.WINDOW / window)
    values.flags.writeable = False
    return values


def analyse(windows: Float) -> Complex:
    """Return the spectrum of each window: (..., window) -> (..., 129)."""
    window = windows.shape[-1]
    margin = (spec.FFT - window) // 2
    padded = np.zeros((*windows.shape[:-1], spec.FFT))
    np.multiply(windows, hann(window), out=padded[..., margin : margin + window])
    return np.fft.rfft(padded)


def synthesise(spectrum: Complex, window: int = spec.WINDOW) -> Float:
    """Return the windowed signal of each spectrum: (..., 129) -> (..., window)."""
    margin = (spec.FFT - window) // 2
    return np.fft.irfft(spectrum, spec.FFT)[..., margin : margin + window] * hann(window)


def frames(signal: Float, window: int = spec.WINDOW) -> Float:
    """Split a contiguous signal into all windows that fit, one a hop: (n, window), a view."""
    count = (len(signal) - window) // spec.HOP + 1
    return np.ndarray((count, window), signal.dtype, signal, 0, (spec.HOP * 8, 8))


def overlap_add(windows: Float, before: Float | None = None) -> Float:
    """Overlap-add windows at a hop of 64, the oldest first.

    Parameters
    ----------
    windows : float64, shape (n, window)
    before : float64, shape (window - 64,), optional
        What earlier windows add up to where the first of these begins; zeros by default.

    Returns
    -------
    float64, shape (64 n + window - 64,)
    """
    parts = windows.reshape(len(windows), -1, spec.HOP)
    hops = np.zeros((len(windows) + parts.shape[1] - 1, spec.HOP))
    if before is not None:
        hops[: parts.shape[1] - 1] = before.reshape(-1, spec.HOP)
    for i in reversed(range(parts.shape[1])):  # a fixed order, for any division into blocks
        hops[i : i + len(windows)] += parts[:, i]
    return hops.reshape(-1)


def stft(signal: npt.ArrayLike, window: int = spec.WINDOW) -> Complex:
    """Return the short-time Fourier transform of a signal.

    Parameters
    ----------
    signal : float, shape (samples,)
    window : int
        One of `WINDOWS`.

    Returns
    -------
    complex128, shape (1 + samples // 64, 129)
        The transpose of ``librosa.stft(signal, n_fft=256, hop_length=64, win_length=window)``;
        with a window of 256, half of that.
    """
    x = np.asarray(signal, np.float64)
    count = 1 + len(x) // spec.HOP
    padded = np.zeros((count - 1) * spec.HOP + window)
    held = padded[window // 2 :][: len(x)]
    held[:] = x[: len(held)]
    return analyse(frames(padded, window))


def istft(spectrum: Complex, length: int, window: int = spec.WINDOW) -> Float:
    """Return the inverse of `stft`: (frames, 129) -> (length,).

    The overlap-added signal is divided by the sum of the squared windows.
    """
    signal = overlap_add(synthesise(spectrum, window))
    weight = overlap_add(np.broadcast_to(hann(window) ** 2, (len(spectrum), window)))
    np.divide(signal, weight, out=signal, where=weight > np.finfo(np.float32).tiny)
    signal = signal[window // 2 :]
    return np.pad(signal, (0, max(0, length - len(signal))))[:length]
