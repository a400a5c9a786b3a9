"""Float STFT and its inverse with the paper's framing (section 4); equal to librosa's.

A Hann window of 128 samples is centred in a 256-point FFT, with a hop of 64 samples. Frames are
centred on multiples of the hop, and the signal is zero outside its ends. Only the 128 samples in
the window matter, so frame t depends on samples ``64 t - 64`` to ``64 t + 63``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

HANN: Float = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.WINDOW) / spec.WINDOW)
_MARGIN = (spec.FFT - spec.WINDOW) // 2


def analyse(windows: Float) -> Complex:
    """Return the spectrum of each window of 128 samples: (..., 128) -> (..., 129)."""
    padded = np.zeros((*windows.shape[:-1], spec.FFT))
    padded[..., _MARGIN : _MARGIN + spec.WINDOW] = windows * HANN
    return np.fft.rfft(padded, axis=-1)


def synthesise(spectrum: Complex) -> Float:
    """Return the windowed signal of each spectrum: (..., 129) -> (..., 128)."""
    return np.fft.irfft(spectrum, spec.FFT)[..., _MARGIN : _MARGIN + spec.WINDOW] * HANN


def frames(signal: Float) -> Float:
    """Split a signal of ``64 (n + 1)`` samples into n overlapping windows, shape (n, 128)."""
    hops = signal.reshape(-1, spec.HOP)
    return np.concatenate([hops[:-1], hops[1:]], axis=1)


def overlap_add(windows: Float) -> Float:
    """Overlap-add windows (n, 128) at a hop of 64; return ``64 (n + 1)`` samples."""
    hops = np.zeros((len(windows) + 1, spec.HOP))
    hops[:-1] += windows[:, : spec.HOP]
    hops[1:] += windows[:, spec.HOP :]
    return hops.reshape(-1)


def stft(signal: npt.ArrayLike) -> Complex:
    """Return the short-time Fourier transform of a signal.

    Parameters
    ----------
    signal : float, shape (samples,)

    Returns
    -------
    complex128, shape (1 + samples // 64, 129)
        The transpose of ``librosa.stft(signal, n_fft=256, hop_length=64, win_length=128)``.
    """
    x = np.asarray(signal, np.float64)
    count = 1 + len(x) // spec.HOP
    padded = np.zeros((count + 1) * spec.HOP)
    padded[spec.HOP : spec.HOP + len(x)] = x
    return analyse(frames(padded))


def istft(spectrum: Complex, length: int) -> Float:
    """Return the inverse of `stft`: (frames, 129) -> (length,).

    The overlap-added signal is divided by the sum of the squared windows.
    """
    signal = overlap_add(synthesise(spectrum))
    weight = overlap_add(np.broadcast_to(HANN**2, (len(spectrum), spec.WINDOW)))
    np.divide(signal, weight, out=signal, where=weight > np.finfo(np.float32).tiny)
    signal = signal[spec.HOP :]
    return np.pad(signal, (0, max(0, length - len(signal))))[:length]
