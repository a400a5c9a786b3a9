"""Calibration data: frames of noisy speech, on which the calibrated schemes measure errors."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.front import Front
from ..speech import cordic
from ..speech.context import Context
from ..speech.features import FloorTracker
from ..speech.front import FEATURES, Speech
from ..speech.samples import to_float
from ..speech.stft import stft

Float = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

FRAMES = 32768
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
        self._signals = [_checked(signal) for signal in signals]
        counts = [1 + len(signal) // spec.HOP for signal in self._signals]
        total = sum(counts)
        if min(total, frames) < LEAST:
            raise ValueError(
                f"found {total} frames for calibration, with frames={frames}; expected both to be "
                f"{LEAST} or more (a second of noisy speech has 125 frames)"
            )
        picked = np.random.default_rng(seed).permutation(total)[:frames]
        ends = np.cumsum([0, *counts])
        self._order = np.argsort(np.argsort(picked))  # restores the random order of the draw
        picked = np.sort(picked)
        self._picked = [
            picked[(picked >= first) & (picked < last)] - first for first, last in pairwise(ends)
        ]
        self._drawn = _drawn(counts, frames, seed)
        self._inputs: dict[tuple[object, ...], Float32] = {}

    def __len__(self) -> int:
        return len(self._order)

    def inputs(self, front: Front) -> Float32:
        """Return the inputs of the first layer, float32 (frames, inputs), oldest frame first.

        Parameters
        ----------
        front : Speech

        Raises
        ------
        TypeError
            The front is another one, so that the network does not take recordings.
        """
        speech = _speech(front)
        key = speech.features, speech.window, speech.context
        if key not in self._inputs:
            self._inputs[key] = self._stacked(speech)
        return self._inputs[key]

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
        speech = _speech(front)
        signals = [
            self._signals[i][: (count - 1) * spec.HOP + speech.window // 2]
            for i, count in self._drawn
        ]
        some = [
            m[:count]
            for m, (_, count) in zip(_magnitudes(signals, speech), self._drawn, strict=True)
        ]
        return [
            _scaled(Context(speech.context).stacked(seen), speech) for seen in _seen(some, speech)
        ]

    def _stacked(self, speech: Speech) -> Float32:
        seen = _seen(_magnitudes(self._signals, speech), speech)
        parts = [
            _scaled(Context(speech.context).stacked(frames)[picked], speech)
            for frames, picked in zip(seen, self._picked, strict=True)
        ]
        return np.concatenate(parts)[self._order]


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


def _checked(signal: npt.ArrayLike) -> Float:
    """Return the samples of a signal, float64 (n,); raise an error for anything else."""
    samples, _ = to_float(signal)
    if samples.ndim != 1 or not samples.size:
        raise ValueError(f"a recording has the shape {samples.shape}; expected (n,) at 8 kHz, mono")
    return samples


def _magnitudes(signals: list[Float], speech: Speech) -> list[Int32]:
    """Return the magnitudes of signals, int32 (frames, 129) each, in `spec.MAGNITUDE`."""
    found = []
    for signal in signals:
        spectrum = stft(signal, speech.window)
        parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
        found.append(cordic.vectoring(spec.SPECTRUM.from_float(parts))[0])
    return found


def _seen(recordings: list[Int32], speech: Speech) -> list[Int32]:
    """Return the features of each recording's magnitudes."""
    return recordings if speech.features == "magnitude" else _log2_over_floor(recordings)


def _scaled(features: npt.NDArray[Any], speech: Speech) -> Float32:
    """Return features in integers as floats."""
    return features.astype(np.float32) * np.float32(FEATURES[speech.features].resolution)


def _log2_over_floor(recordings: list[Int32]) -> list[Int32]:
    """Return the log2 features of each recording's magnitudes, computed in batches."""
    found = []
    for i in range(0, len(recordings), TOGETHER):
        some = recordings[i : i + TOGETHER]
        longest = max(len(magnitude) for magnitude in some)
        padded = [np.pad(m, ((0, longest - len(m)), (0, 0)), mode="edge") for m in some]
        features = FloorTracker().process(np.stack(padded, axis=1))
        found += [features[: len(m), n] for n, m in enumerate(some)]
    return found
