"""Recordings cut into what a peer processes: frames of samples, or frames of spectra."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ..clip import Float

Complex = npt.NDArray[np.complex128]


def by_frames(samples: Float, length: int, process: Callable[[Float], Float]) -> Float:
    """Apply `process` to consecutive frames (length,), the last one padded with zeros.

    Parameters
    ----------
    samples : float64, shape (n,)
    length : int
        Samples per frame.
    process : callable
        Called with each frame in turn; returns as many samples.

    Returns
    -------
    float64, shape (n,)
    """
    frames = np.pad(samples, (0, -len(samples) % length)).reshape(-1, length)
    return np.concatenate([process(frame) for frame in frames])[: len(samples)]


def by_spectra(samples: Float, window: int, process: Callable[[Complex], Complex]) -> Float:
    """Apply `process` to the spectra of half-overlapping frames, under root-Hann windows.

    Without changes to the spectra, the output equals the input: there is no delay.

    Parameters
    ----------
    samples : float64, shape (n,)
    window : int
        Even; length of the window and of the FFT.
    process : callable
        Called once with complex128 (frames, window / 2 + 1); returns the same shape.

    Returns
    -------
    float64, shape (n,)
    """
    hop = window // 2
    root = np.sin(np.pi * np.arange(window) / window)  # of a periodic Hann window
    padded = np.pad(samples, (hop, hop + -len(samples) % hop))
    frames = sliding_window_view(padded, window)[::hop] * root
    halves = np.fft.irfft(process(np.fft.rfft(frames)), window) * root
    return overlap_added(halves, hop)[hop : hop + len(samples)]


def overlap_added(frames: Float, hop: int) -> Float:
    """Add frames (count, length) up, each `hop` samples after the one before."""
    count, length = frames.shape
    total = np.zeros((count - 1) * hop + length)
    for index, frame in enumerate(frames):
        total[index * hop : index * hop + length] += frame
    return total


def to_int16(samples: Float) -> npt.NDArray[np.int16]:
    """Round samples in [-1, 1] to 16 bits; larger ones saturate."""
    return np.asarray(np.clip(np.round(samples * 32768.0), -32768, 32767), np.int16)
