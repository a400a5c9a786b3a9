"""Calibration data: frames of noisy speech, on which the calibrated schemes measure errors."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.front import Front
from ..speech import cordic
from ..speech.features import FloorTracker
from ..speech.front import FEATURES, Speech
from ..speech.pipeline import stack
from ..speech.samples import to_float
from ..speech.stft import stft

Float32 = npt.NDArray[np.float32]

FRAMES = 16384
LEAST = 256  # fewest frames of a calibration
LONGEST = 512  # frames of a recording that a network with memory runs through: 4 s
TOGETHER = 32  # recordings whose noise floors are tracked in one batch


class Calibration:
    """Random frames of recordings of noisy speech, like those the network will enhance.

    For a network with memory, random recordings: its state depends on all frames before.

    Parameters
    ----------
    signals : iterable of (float or int16, shape (n,))
        Noisy speech at 8 kHz; full scale is +-1 for floats.
    frames : int
        Number of frames to draw from all signals; all of them if there are fewer.
    seed : int
        Seed of the random draw.

    Raises
    ------
    ValueError
        There are fewer than 256 frames, or a signal is empty, not one-dimensional or not finite.
    TypeError
        Samples are neither float nor int16.
    """

    def __init__(
        self, signals: Iterable[npt.ArrayLike], *, frames: int = FRAMES, seed: int = 0
    ) -> None:
        self._recordings = [_magnitudes(signal) for signal in signals]
        total = sum(len(magnitude) for magnitude in self._recordings)
        if min(total, frames) < LEAST:
            raise ValueError(
                f"found {total} frames for calibration, with frames={frames}; expected both to be "
                f"{LEAST} or more (a second of noisy speech has 125 frames)"
            )
        picked = np.random.default_rng(seed).permutation(total)[:frames]
        ends = np.cumsum([0, *(len(magnitude) for magnitude in self._recordings)])
        self._order = np.argsort(np.argsort(picked))  # restores the random order of the draw
        picked = np.sort(picked)
        self._picked = [
            picked[(picked >= first) & (picked < last)] - first for first, last in pairwise(ends)
        ]
        self._drawn = _drawn([len(m) for m in self._recordings], frames, seed)
        self._inputs: dict[str, Float32] = {}

    def __len__(self) -> int:
        return len(self._order)

    def inputs(self, front: Front) -> Float32:
        """Return the inputs of the first layer, float32 (frames, 1032), oldest frame first.

        Parameters
        ----------
        front : Speech

        Raises
        ------
        TypeError
            The front is another one, so that the network does not take recordings.
        """
        features = _speech(front).features
        if features not in self._inputs:
            self._inputs[features] = self._stacked(features)
        return self._inputs[features]

    def sequences(self, front: Front) -> list[Float32]:
        """Return the inputs of the first layer in whole recordings, in the order of their frames.

        Parameters
        ----------
        front : Speech

        Returns
        -------
        list of float32 (n, inputs)
            Of recordings in random order, from the beginning of each, at most `LONGEST` frames;
            as many as the frames drawn allow.
        """
        features = _speech(front).features
        some = [self._recordings[i][:count] for i, count in self._drawn]
        seen = some if features == "magnitude" else _log2_over_floor(some)
        scale = np.float32(FEATURES[features].resolution)
        silence = np.zeros((spec.CONTEXT - 1, spec.BINS), np.int32)
        return [stack(frames, silence).astype(np.float32) * scale for frames in seen]

    def _stacked(self, features: str) -> Float32:
        seen = self._recordings if features == "magnitude" else _log2_over_floor(self._recordings)
        silence = np.zeros((spec.CONTEXT - 1, spec.BINS), np.int32)
        parts = [
            stack(frames, silence)[picked].astype(np.float32)
            for frames, picked in zip(seen, self._picked, strict=True)
        ]
        scale = np.float32(FEATURES[features].resolution)
        return np.asarray(np.concatenate(parts)[self._order] * scale)

    def magnitudes(self) -> Float32:
        """Return the noisy magnitudes of the drawn frames, float32 (frames, 129)."""
        parts = [m[picked] for m, picked in zip(self._recordings, self._picked, strict=True)]
        found = np.concatenate(parts)[self._order].astype(np.float32)
        return np.asarray(found * np.float32(spec.MAGNITUDE.resolution))


def _speech(front: Front) -> Speech:
    """Return a front for speech; raise TypeError for another."""
    if not isinstance(front, Speech):
        raise TypeError("calibration is of recordings; expected rows of numbers, (n, inputs)")
    return front


def _drawn(lengths: list[int], frames: int, seed: int) -> list[tuple[int, int]]:
    """Return recordings in random order, by number, and how many frames of each are used."""
    found = []
    for i in np.random.default_rng(seed).permutation(len(lengths)):
        count = min(lengths[i], LONGEST, frames)
        if count:
            found.append((int(i), count))
        frames -= count
    return found


def _magnitudes(signal: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Return the magnitudes of a signal, int32 (frames, 129) in `spec.MAGNITUDE`."""
    samples, _ = to_float(signal)
    if samples.ndim != 1 or not samples.size:
        raise ValueError(f"a recording has the shape {samples.shape}; expected (n,) at 8 kHz, mono")
    spectrum = stft(samples)
    parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
    return cordic.vectoring(spec.SPECTRUM.from_float(parts))[0]


def _log2_over_floor(recordings: list[npt.NDArray[np.int32]]) -> list[npt.NDArray[np.int32]]:
    """Return the log2 features of each recording's magnitudes, computed in batches."""
    found = []
    for i in range(0, len(recordings), TOGETHER):
        some = recordings[i : i + TOGETHER]
        longest = max(len(magnitude) for magnitude in some)
        padded = [np.pad(m, ((0, longest - len(m)), (0, 0)), mode="edge") for m in some]
        features = FloorTracker().process(np.stack(padded, axis=1))
        found += [features[: len(m), n] for n, m in enumerate(some)]
    return found
