"""A recording's bands through a network: up to 4 kHz (narrow), or all of them (full)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import limit
from .band_gain import SmoothGain, gains
from .overlap import Overlap
from .resampler import Resampler, rounded

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Spectra = Callable[[Complex], Complex]


class Narrow:
    """Streaming enhancement of the band up to 4 kHz: to 8 kHz, through the network, and back.

    The output does not depend on the chunk sizes. It is as long as the input, or up to one sample
    of 8 kHz longer.

    Parameters
    ----------
    rate : int
        Sample rate of input and output, in Hz.
    spectra : callable
        Maps the complex spectra (frames, 129) of the next frames to enhanced spectra.
    window : int
        One of `stft.WINDOWS`.
    """

    def __init__(self, rate: int, spectra: Spectra, window: int = spec.WINDOW) -> None:
        self._down = Resampler(rate, spec.SAMPLE_RATE)
        self._core = Overlap(spectra, window)
        self._up = Resampler(spec.SAMPLE_RATE, rate)

    def process(self, samples: Float) -> Float:
        """Process samples (n,) within +-1 and return the outputs that are complete."""
        low = self._low(self._down.process(samples))
        return self._back(self._core.process(low))

    def flush(self) -> Float:
        """Return the remaining outputs; `process` must not be called afterwards."""
        last = self._low(self._down.flush())
        parts = [self._back(self._core.process(last)), self._back(self._core.flush())]
        return np.concatenate([*parts, self._up.flush()])

    def _low(self, samples: Float) -> Float:
        return limit(samples, -1, 1)  # the filter overshoots

    def _back(self, samples: Float) -> Float:
        return self._up.process(limit(samples, -1, 1))


class Full(Narrow):
    """`Narrow`, and the band above 4 kHz from the input, scaled by the network's gain below it.

    The upper band is the input less what `Narrow` would return if the network changed nothing: the
    two bands sum to the input, in the input's place. The split is exact in float64, since
    resampled samples are multiples of 2^-48 within +-8. Its gain is that of `band_gain`.

    Parameters
    ----------
    rate : int
        Sample rate of input and output, above 8000 Hz.
    spectra, window
        As for `Narrow`.
    """

    def __init__(self, rate: int, spectra: Spectra, window: int = spec.WINDOW) -> None:
        super().__init__(rate, self._followed(spectra, gain := SmoothGain(rate)), window)
        self._gain = gain
        self._reference = Resampler(spec.SAMPLE_RATE, rate)
        self._inputs: Float = np.zeros(0)  # not yet split
        self._high: Float = np.zeros(0)  # the upper band, waiting for its gain

    @staticmethod
    def _followed(spectra: Spectra, gain: SmoothGain) -> Spectra:
        def followed(noisy: Complex) -> Complex:
            clean = spectra(noisy)
            gain.append(gains(noisy, clean))
            return clean

        return followed

    def process(self, samples: Float) -> Float:
        """Process samples (n,) within +-1 and return the outputs that are complete."""
        self._inputs = np.concatenate([self._inputs, rounded(samples)])
        return self._sum(super().process(samples))

    def flush(self) -> Float:
        """Return the remaining outputs; `process` must not be called afterwards."""
        low = super().flush()
        self._split(self._reference.flush())
        return self._sum(low)

    def _low(self, samples: Float) -> Float:
        low = super()._low(samples)
        self._split(self._reference.process(low))
        return low

    def _split(self, reference: Float) -> None:
        count = min(len(reference), len(self._inputs))
        self._high = np.concatenate([self._high, self._inputs[:count] - reference[:count]])
        self._inputs = self._inputs[count:]

    def _sum(self, low: Float) -> Float:
        """Return the sum of the bands; `low` may reach beyond the input's end."""
        count = min(len(low), len(self._high))
        high, self._high = self._high[:count], self._high[count:]
        return low[:count] + self._gain.take(count) * high


BANDS: Final[dict[str, type[Narrow]]] = {"full": Full, "narrow": Narrow}
