"""The gain of the band above 4 kHz: what a network lets through between 2 and 4 kHz."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from .. import spec

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

BINS: Final = slice(spec.BINS // 2, spec.BINS)  # 2 to 4 kHz
ROUNDING: Final = 256  # energy of about 2 LSB in each of the bins; silence has a gain of 1
SMOOTH: Final = 0.5  # share of the way to a frame's gain that the smoothed gain goes


def gains(noisy: Complex, clean: Complex) -> Float:
    """Return the gain of each frame: the network's gain between 2 and 4 kHz to the power of 1.5.

    The network's gain is the root of the ratio of energies. Of the powers 1, 1.5 and 2, 1.5 brought
    spectra above 4 kHz nearest to clean ones, and more wide-band PESQ than 1. The energies are
    those of spectra rounded to `spec.SPECTRUM`, exact sums, and roots round the same everywhere: so
    do the gains, on every backend and machine.

    Parameters
    ----------
    noisy, clean : complex128, shape (frames, 129)
        Spectra before and after the network.

    Returns
    -------
    float64, shape (frames,)
        0 to 1.
    """
    ratio = (_energy(clean) + ROUNDING) / (_energy(noisy) + ROUNDING)
    return np.asarray(np.minimum(np.sqrt(ratio * np.sqrt(ratio)), 1))


def _energy(spectrum: Complex) -> Float:
    """Return the energy of each frame between 2 and 4 kHz, an integer below 2**54."""
    band = spectrum[:, BINS]
    parts = spec.SPECTRUM.from_float(np.stack([band.real, band.imag])).astype(np.int64)
    return np.asarray(np.square(parts).sum(axis=(0, 2)), np.float64)


class SmoothGain:
    """The gain at every sample: smoothed from frame to frame, and linear between their centres.

    Frame t is centred on sample 64 t at 8 kHz. The overlap-add needs frames t and t + 1 (with the
    longer window, those around them too) for the samples between their centres, so the
    interpolation between them adds no latency.

    Parameters
    ----------
    rate : int
        Sample rate of the gain, in Hz.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._points: Float = np.zeros(0)  # smoothed gains, from frame `_first` on
        self._first = self._done = 0  # first frame kept; samples returned

    def append(self, gains: Float) -> None:
        """Append the gains of the next frames, one or more."""
        start = self._points[-1] if len(self._points) else gains[0]
        smooth = accumulate(gains, lambda last, gain: last + SMOOTH * (gain - last), initial=start)
        self._points = np.append(self._points, list(smooth)[1:])

    def take(self, count: int) -> Float:
        """Return the gains of the next `count` samples, whose frames must have been appended."""
        at = np.arange(self._done, self._done + count, dtype=np.int64) * spec.SAMPLE_RATE
        frames, rest = np.divmod(at, spec.HOP * self._rate)
        before = self._points[frames - self._first]
        after = self._points[frames - self._first + 1]
        self._done += count
        self._forget()
        return np.asarray(before + (after - before) * (rest / (spec.HOP * self._rate)))

    def _forget(self) -> None:
        """Discard the gains that no later sample needs; the last one goes into the next."""
        first = self._done * spec.SAMPLE_RATE // (spec.HOP * self._rate)
        first = min(first, self._first + max(len(self._points) - 1, 0))
        self._points, self._first = self._points[first - self._first :], first
