"""Streaming STFT, spectral processing and inverse STFT at 8 kHz, with as many samples out as in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .. import spec
from . import stft

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

_WEIGHT = stft.HANN[: spec.HOP] ** 2 + stft.HANN[spec.HOP :] ** 2  # summed squares of two windows


class Overlap:
    """Streaming overlap-add processor; the output does not depend on the chunk sizes.

    A sample is returned once both windows that contain it are complete, that is, with the 127th
    sample after the first of its hop.

    Parameters
    ----------
    spectra : callable
        Maps the complex spectra (frames, 129) of the next frames to enhanced spectra.
    """

    def __init__(self, spectra: Callable[[Complex], Complex]) -> None:
        self._spectra = spectra
        self._waiting: Float = np.zeros(spec.HOP)  # the signal starts after one silent hop
        self._half: Float | None = None  # second half of the last window, not yet overlapped
        self._owed = 0

    def process(self, samples: Float) -> Float:
        """Process samples (n,) and return the finished output, a whole number of hops."""
        self._owed += len(samples)
        return self._advance(samples)

    def flush(self) -> Float:
        """Return the remaining samples, at most 127; `process` must not be called afterwards."""
        return self._advance(np.zeros(spec.HOP + -len(self._waiting) % spec.HOP))

    def _advance(self, samples: Float) -> Float:
        signal = np.concatenate([self._waiting, samples])
        whole = len(signal) // spec.HOP * spec.HOP
        self._waiting = signal[max(whole - spec.HOP, 0) :]
        if whole < 2 * spec.HOP:
            return np.zeros(0)
        windows = stft.synthesise(self._spectra(stft.analyse(stft.frames(signal[:whole]))))
        done = self._overlap(windows)[: self._owed]
        self._owed -= len(done)
        return done

    def _overlap(self, windows: Float) -> Float:
        before, self._half = self._half, windows[-1, spec.HOP :]
        hops = stft.overlap_add(windows)[: -spec.HOP].reshape(-1, spec.HOP)
        if before is None:  # the first half of the first window precedes the first sample
            hops = hops[1:]
        else:
            hops[0] += before
        return np.asarray(hops / _WEIGHT).reshape(-1)
