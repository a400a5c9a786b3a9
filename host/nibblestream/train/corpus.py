"""Files of audio as an endless supply of segments at 8 kHz."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import audio

CACHE_SAMPLES = 1 << 30  # kept in memory as int16: 2 GiB

Float = npt.NDArray[np.float64]


class Corpus:
    """Audio files, read and resampled when first drawn, then kept.

    Parameters
    ----------
    paths : sequence of path
        Any rate, any number of channels, any format libsndfile reads. A file that cannot be used
        is named in a warning when it is drawn, and never drawn again.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self._kept: dict[Path, npt.NDArray[np.int16]] = {}
        self._failed: set[Path] = set()
        self._room = CACHE_SAMPLES

    def draw(self, rng: np.random.Generator, samples: int) -> Float:
        """Return a random segment of exactly `samples` samples; short files are strung together.

        Raises
        ------
        ValueError
            None of the files can be used.
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
        # Files that failed are drawn again and passed over: later draws do not depend on them.
        while len(self._failed) < len(self.paths):
            path = self.paths[rng.integers(len(self.paths))]
            if path in self._kept:
                return self._kept[path]
            if path not in self._failed:
                try:
                    return self._keep(path)
                except (ValueError, OSError) as error:
                    warnings.warn(f"skipped: {error}", stacklevel=2)
                    self._failed.add(path)
        raise ValueError("none of the audio files to train on can be used; see the warnings")

    def _keep(self, path: Path) -> npt.NDArray[np.int16]:
        mono = audio.read_mono(path)
        peak = np.abs(mono).max()
        if peak == 0:
            raise ValueError(f"{path}: is silent; expected sound")
        signal: npt.NDArray[np.int16] = np.round(mono * min(2.0**15, 32767 / peak)).astype(np.int16)
        if len(signal) <= self._room:
            self._room -= len(signal)
            self._kept[path] = signal
        return signal
