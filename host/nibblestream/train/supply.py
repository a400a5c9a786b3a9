"""Training batches that never repeat: a pool of augmented clips, mixed anew in every batch.

Making a clip (reading, speed, rooms) costs far more than mixing two. Clip `i` is determined by the
seed and `i`; at step `s` the pool holds clips ``RENEWED s`` to ``RENEWED s + size - 1``, so a
resumed run has the same pool and draws the same batches.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .. import spec
from . import augment, clips
from .corpus import Corpus

RENEWED = 2  # clips of speech, and of noise, that are replaced at each step
SECONDS = 6  # of a clip in the pool
SNR = (-5.0, 11.0)  # dB, drawn uniformly from this range ...
SNR_CLEAN = (12.0, 60.0)  # ... and for a fraction CLEAN of the clips from this one
CLEAN = 0.1
LATE = 0.4  # of the clips begin with noise alone, as recordings do, from which the floor settles
FILTERED = 0.4  # of the mixtures pass an equaliser, and ...
TELEPHONE = 0.25  # ... of the mixtures a telephone band
LEVEL = (-45.0, 0.0)  # dB, peak of a mixture ...
LOUD = 0.05  # ... but for this fraction, which is clipped


class Pairs(NamedTuple):
    """A batch: float32 (clips, samples) at 8 kHz, on the grid of 16-bit audio."""

    noisy: Tensor
    clean: Tensor


class Pool(torch.utils.data.Dataset[Pairs]):
    """A pool of augmented speech and noise, as a data set of batches.

    Parameters
    ----------
    voices, noises : Corpus
    seed : int
    count : int
        Clips per batch.
    seconds : float
        Duration of a clip of a batch.
    size : int
        Clips of speech, and of noise, in the pool; at least `count`.
    """

    def __init__(
        self,
        voices: Corpus[Path],
        noises: Corpus[Path],
        seed: int,
        count: int = 16,
        seconds: float = 3.0,
        size: int = 600,
    ) -> None:
        self._count, self._samples = count, round(seconds * spec.SAMPLE_RATE)
        self._voices, self._noises, self._seed = voices, noises, seed
        samples = SECONDS * spec.SAMPLE_RATE
        self._speech, self._noise = (torch.zeros(size, samples) for _ in range(2))
        self._made = 0  # clips of each kind made so far

    @property
    def recordings(self) -> list[str]:
        """Paths of the speech and noise files."""
        return [str(path) for path in (*self._voices.recordings, *self._noises.recordings)]

    def check(self) -> None:
        """Raise ValueError if no speech file, or no noise file, can be used."""
        for corpus in (self._voices, self._noises):
            corpus.draw(np.random.default_rng(0), 1)

    def __getitem__(self, step: int) -> Pairs:
        """Return the batch of a step; steps are asked for in ascending order."""
        self._fill(RENEWED * step)
        rng = np.random.default_rng((self._seed, 1, step))
        count, samples = self._count, self._samples
        clean, first, second = (
            _crops(rng, pool, count, samples) for pool in (self._speech, self._noise, self._noise)
        )
        clean = clean * _onsets(rng, count, samples)
        both = rng.random(count) < 0.3
        noise = _unit(first) + _column(both * rng.uniform(0.2, 1, count)) * _unit(second)
        snr = np.where(
            rng.random(count) < CLEAN, rng.uniform(*SNR_CLEAN, count), rng.uniform(*SNR, count)
        )
        sides = torch.stack([_unit(clean), _unit(noise) * _column(10 ** (-snr / 20))])
        clean, noise = _transmitted(rng, sides)
        return _levelled(rng, clean, noise)

    def _fill(self, first: int) -> None:
        """Make the clips up to ``first + size - 1`` that are missing."""
        size, samples = self._speech.shape
        for number in range(max(first, self._made), first + size):
            rng = np.random.default_rng((self._seed, 0, number))
            speech = clips.speech(rng, self._voices, samples)
            noise = clips.noise(rng, self._voices, self._noises, samples)
            self._speech[number % size] = torch.from_numpy(speech)
            self._noise[number % size] = torch.from_numpy(noise)
        self._made = first + size


def _crops(rng: np.random.Generator, pool: Tensor, count: int, samples: int) -> Tensor:
    rows = rng.permutation(len(pool))[:count]
    starts = rng.integers(pool.shape[1] - samples + 1, size=count)
    return torch.stack([pool[r, s : s + samples] for r, s in zip(rows, starts, strict=True)])


def _onsets(rng: np.random.Generator, count: int, samples: int) -> Tensor:
    """Return factors (count, samples) that rise from 0 to 1 in 20 ms, within the first second."""
    onset = np.where(rng.random(count) < LATE, rng.uniform(0.1, 1, count), -1) * spec.SAMPLE_RATE
    return ((torch.arange(samples) - _column(onset)) / (0.02 * spec.SAMPLE_RATE)).clamp(0, 1)


def _transmitted(rng: np.random.Generator, sides: Tensor) -> Tensor:
    """Pass speech and noise, (2, clips, samples), through the same random channels."""
    samples = sides.shape[-1]
    responses = np.ones((sides.shape[1], samples // 2 + 1))
    for response in responses:
        if rng.random() < FILTERED:
            response *= augment.equaliser(rng, samples, 5.0)
        if rng.random() < TELEPHONE:
            response *= augment.telephone(rng, samples)
    spectra = torch.fft.rfft(sides) * torch.from_numpy(responses).float()
    return torch.as_tensor(torch.fft.irfft(spectra, samples))


def _levelled(rng: np.random.Generator, clean: Tensor, noise: Tensor) -> Pairs:
    """Scale mixtures to random peak levels, clip the loud, and round to 16 bits."""
    count = len(clean)
    above, below = rng.uniform(0, 9, count), rng.uniform(*LEVEL, count)
    decibels = np.where(rng.random(count) < LOUD, above, below)
    noisy = clean + noise
    scale = _column(10 ** (decibels / 20)) / (noisy.abs().amax(1, keepdim=True) + 1e-9)
    rounded = ((noisy * scale).clamp(-1, 1) * 2.0**15).round() / 2.0**15
    return Pairs(rounded, clean * scale)


def _unit(signals: Tensor) -> Tensor:
    return signals / (signals.square().mean(1, keepdim=True) + 1e-12).sqrt()


def _column(values: np.ndarray) -> Tensor:  # type: ignore[type-arg]
    return torch.from_numpy(np.asarray(values, np.float32))[:, None]
