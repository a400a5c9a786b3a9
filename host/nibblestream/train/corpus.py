"""Random segments at 8 kHz from a set of recordings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ..sound import reading

CACHE_SAMPLES = 1 << 30  # kept in memory as int16: 2 GiB

Float = npt.NDArray[np.float64]
Recording = TypeVar("Recording")


class Corpus(Generic[Recording]):
    """A set of recordings, read when first drawn and cached in memory.

    Parameters
    ----------
    recordings : sequence
        Audio files of any rate, channel count and format that libsndfile reads, or anything else
        that `read` accepts. An unusable one causes a warning when it is first drawn, and is
        skipped from then on.
    read : callable
        Yields a recording at 8 kHz piece by piece, each float64 of shape (n,) or (n, channels).
        Called once more for a recording beyond full scale, so that none is held as floats.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        read: Callable[[Any], Iterable[Float]] = reading.mono_pieces,
    ) -> None:
        self.recordings = list(recordings)
        self._read = read
        self._kept: dict[Recording, npt.NDArray[np.int16]] = {}
        self._failed: set[Recording] = set()
        self._room = CACHE_SAMPLES

    def draw(self, rng: np.random.Generator, samples: int) -> Float:
        """Return a random segment of exactly `samples` samples; short ones are concatenated.

        Raises
        ------
        ValueError
            None of the recordings can be used.
        """
        parts: list[npt.NDArray[Any]] = []
        missing = samples
        while missing > 0:
            signal = self._signal(rng)
            start = rng.integers(max(1, len(signal) - missing + 1))
            parts.append(signal[start : start + missing])
            missing -= len(parts[-1])
        return np.asarray(np.concatenate(parts) / 2.0**15)

    def _signal(self, rng: np.random.Generator) -> npt.NDArray[np.int16]:
        # Unusable recordings are still drawn and then skipped, which keeps the draws reproducible.
        while len(self._failed) < len(self.recordings):
            recording = self.recordings[rng.integers(len(self.recordings))]
            if recording in self._kept:
                return self._kept[recording]
            if recording not in self._failed:
                try:
                    return self._keep(recording)
                except (ValueError, OSError) as error:
                    warnings.warn(f"skipped: {error}", stacklevel=2)
                    self._failed.add(recording)
        raise ValueError("none of the recordings to train on can be used; see the warnings")

    def _keep(self, recording: Recording) -> npt.NDArray[np.int16]:
        signal, peak = _in_16_bits(self._read(recording), 2.0**15)
        if peak == 0:
            raise ValueError(f"{recording}: is silent; expected sound")
        if peak * 2.0**15 > 32767:
            signal, _ = _in_16_bits(self._read(recording), 32767 / peak)
        if signal.size <= self._room:
            self._room -= signal.size
            self._kept[recording] = signal
        return signal


def _in_16_bits(pieces: Iterable[Float], scale: float) -> tuple[npt.NDArray[np.int16], float]:
    """Return scaled pieces as one int16 signal, clipped, and their peak before scaling."""
    parts, peak = [], 0.0
    for piece in pieces:
        peak = max(peak, float(np.abs(piece).max(initial=0)))
        parts.append(np.clip(np.round(piece * scale), -32768, 32767).astype(np.int16))
    return np.concatenate(parts), peak
