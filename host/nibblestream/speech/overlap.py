"""The network between an STFT and its inverse, at 8 kHz: samples in, as many samples out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .. import spec
from . import stft

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

_WEIGHT = stft.HANN[: spec.HOP] ** 2 + stft.HANN[spec.HOP :] ** 2  # of two overlapping windows


class Overlap:
    """Enhance hop by hop; how the samples are cut into chunks does not change a bit.

    A sample comes out once both windows over it are complete: with the 127th sample after the
    first of its hop.

    Parameters
    ----------
    spectra : callable
        Turns the next frames' complex spectra (frames, 129) into enhanced ones.
    """

    def __init__(self, spectra: Callable[[Complex], Complex]) -> None:
        self._spectra = spectra
        self._waiting: Float = np.zeros(spec.HOP)  # the hop before the first sample is silent
        self._half: Float | None = None  # second half of the last window, to be overlapped
        self._owed = 0

    def process(self, samples: Float) -> Float:
        """Take in samples (n,) and return those that are done, whole hops of them."""
        self._owed += len(samples)
        return self._advance(samples)

    def flush(self) -> Float:
        """Return the samples still owed, at most 127; nothing may follow."""
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
        if before is None:  # the first window's first half lies before the first sample
            hops = hops[1:]
        else:
            hops[0] += before
        return np.asarray(hops / _WEIGHT).reshape(-1)
