"""Live audio at 8 kHz: samples in, as many samples out, state kept between calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import spec, stft
from .samples import from_float, to_float

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

_WEIGHT = stft.HANN[: spec.HOP] ** 2 + stft.HANN[spec.HOP :] ** 2  # of two overlapping windows


class Stream:
    """Enhance mono audio chunk by chunk.

    How it is cut into chunks does not change a bit (with float models, rounding errors of
    float64 at most). A sample comes out once both windows over it are complete, so `process`
    lags by 64 to 127 samples (8 to 16 ms) and `flush` returns the rest: in all, as many samples
    as went in.

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
        self._dtype = np.dtype(np.float64)
        self._ended = ""

    def process(self, chunk: npt.ArrayLike) -> npt.NDArray[Any]:
        """Take in samples and return those that are done.

        Parameters
        ----------
        chunk : float or int16, shape (n,)
            Any number of samples, none included; beyond full scale they are clipped.

        Returns
        -------
        ndarray, shape (m,)
            In the chunk's dtype, within full scale.

        Raises
        ------
        RuntimeError
            The stream has ended.
        TypeError, ValueError
            The chunk is of another dtype or shape, or not finite.
        """
        self._check_open()
        samples, self._dtype = to_float(chunk)
        if samples.ndim != 1:
            raise ValueError(f"found a chunk of shape {samples.shape}; expected (n,), mono")
        self._owed += len(samples)
        return from_float(self._advance(samples), self._dtype)

    def flush(self) -> npt.NDArray[Any]:
        """End the stream: return the samples still owed, at most 127, in the last chunk's dtype."""
        self._check_open()
        self.end("it was flushed: start another")
        silence = np.zeros(spec.HOP + -len(self._waiting) % spec.HOP)
        return from_float(self._advance(silence), self._dtype)

    def end(self, why: str) -> None:
        """Refuse whatever comes from now on, with this reason (the first one given counts)."""
        self._ended = self._ended or why

    def _check_open(self) -> None:
        if self._ended:
            raise RuntimeError(f"this stream has ended: {self._ended}")

    def _advance(self, samples: Float) -> Float:
        signal = np.concatenate([self._waiting, samples])
        whole = len(signal) // spec.HOP * spec.HOP
        self._waiting = signal[max(whole - spec.HOP, 0) :]
        if whole < 2 * spec.HOP:
            return np.zeros(0)
        try:
            enhanced = self._spectra(stft.analyse(stft.frames(signal[:whole])))
        except BaseException:
            # How far the network's state has come is not known, so nothing right could follow.
            self.end("a block of it failed: start another")
            raise
        windows = stft.synthesise(enhanced)
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
