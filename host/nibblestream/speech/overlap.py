"""Streaming STFT, spectral processing and inverse STFT at 8 kHz, with as many samples out as in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .. import spec
from . import stft

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


class Overlap:
    """Streaming overlap-add processor; the output does not depend on the chunk sizes.

    A hop is returned once all windows that contain it are complete: with the last of the `window`
    samples from its first on.

    Parameters
    ----------
    spectra : callable
        Maps the complex spectra (frames, 129) of the next frames to enhanced spectra.
    window : int
        One of `stft.WINDOWS`.
    """

    def __init__(self, spectra: Callable[[Complex], Complex], window: int = spec.WINDOW) -> None:
        self._spectra, self._window = spectra, window
        self._early = window // 2 // spec.HOP  # hops of the first window before the first sample
        self._waiting: Float = np.zeros(self._early * spec.HOP)
        self._sums: Float = np.zeros(window - spec.HOP)  # partial sums of the next hops
        # Summed squares of the windows that contain a hop: of the first i + 1, at the beginning.
        squares = stft.hann(window).reshape(-1, spec.HOP) ** 2
        self._weights = np.cumsum(squares, axis=0)
        self._hops = self._owed = 0  # hops finished, from the first window on; samples owed

    def process(self, samples: Float) -> Float:
        """Process samples (n,) and return the finished output, a whole number of hops."""
        self._owed += len(samples)
        return self._advance(samples)

    def flush(self) -> Float:
        """Return the remaining samples; `process` must not be called afterwards."""
        return self._advance(np.zeros(self._window - spec.HOP + -len(self._waiting) % spec.HOP))

    def _advance(self, samples: Float) -> Float:
        signal = np.concatenate([self._waiting, samples])
        whole = len(signal) // spec.HOP * spec.HOP
        self._waiting = signal[max(whole - self._window + spec.HOP, 0) :]
        if whole < self._window:
            return np.zeros(0)
        noisy = stft.analyse(stft.frames(signal[:whole], self._window))
        done = self._overlap(stft.synthesise(self._spectra(noisy), self._window))[: self._owed]
        self._owed -= len(done)
        return done

    def _overlap(self, windows: Float) -> Float:
        """Add windows; return the hops that they complete, except those before the first sample."""
        count, last = len(windows), len(self._weights) - 1
        sums = stft.overlap_add(windows, self._sums)
        self._sums = sums[count * spec.HOP :]
        weights = self._weights[-1:]
        if self._hops < last:
            weights = self._weights[np.minimum(np.arange(self._hops, self._hops + count), last)]
        skipped = max(self._early - self._hops, 0)
        self._hops += count
        hops = sums[: count * spec.HOP].reshape(-1, spec.HOP)[skipped:]
        return np.asarray(hops / weights[skipped:]).reshape(-1)
