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
        Called twice for each recording that is cached, so that a long recording is never held
        in memory as floats.
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
        peak = max(float(np.abs(piece).max(initial=0)) for piece in self._read(recording))
        if peak == 0:
            raise ValueError(f"{recording}: is silent; expected sound")
        scale = min(2.0**15, 32767 / peak)
        pieces = [np.round(piece * scale).astype(np.int16) for piece in self._read(recording)]
        signal: npt.NDArray[np.int16] = np.concatenate(pieces)
        if signal.size <= self._room:
            self._room -= signal.size
            self._kept[recording] = signal
        return signal
