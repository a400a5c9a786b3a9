"""Batches to train on: batch number i of a seed is always the same batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch

from .. import spec
from ..evaluate.mixtures import Mixture
from ..speech import stft
from ..speech.features import FloorTracker
from . import augment
from .corpus import Corpus

SNR = (-5, 15)  # dB, drawn uniformly ...
SNR_CLEAN = (20, 60)  # ... but from here for the share CLEAN of all clips
CLEAN = 0.12

NOISE_SPREAD = 8.0  # dB: noises differ in their spectrum more than microphones do

Float = npt.NDArray[np.float64]
Rng = np.random.Generator


class Batch(NamedTuple):
    """One batch, float32 tensors of shape (clips, frames, 129)."""

    features: torch.Tensor  # as the network sees them
    noisy: torch.Tensor  # magnitudes
    clean: torch.Tensor


class Supply(Protocol):
    """What pairs of noisy and clean segments are drawn from."""

    @property
    def recordings(self) -> list[str]:
        """All that is drawn from; an unfinished run goes on only with the same."""

    def draw(self, rng: Rng, samples: int) -> tuple[Float, Float]:
        """Return a noisy segment and its clean reference, both of shape (samples,)."""


@dataclass
class Batches(torch.utils.data.Dataset[Batch]):
    """Batches of noisy and clean clips, by number.

    Parameters
    ----------
    supply : Supply
    features : {"magnitude", "log2"}
        What the network sees.
    seed : int
    clips : int
        Clips in a batch.
    seconds : float
        Length of a clip.
    """

    supply: Supply
    features: str
    seed: int
    clips: int = 32
    seconds: float = 3.0

    def __getitem__(self, number: int) -> Batch:
        rng = np.random.default_rng((self.seed, number))
        samples = round(self.seconds * spec.SAMPLE_RATE)
        pairs = [self.supply.draw(rng, samples) for _ in range(self.clips)]
        noisy, clean = (
            np.stack([np.abs(stft.stft(signal)) for signal in side], axis=1)
            for side in zip(*pairs, strict=True)
        )  # (frames, clips, 129)
        seen = spec.MAGNITUDE.from_float(noisy)
        if self.features == "log2":
            features = spec.FEATURE.to_float(FloorTracker().process(seen))
        else:
            features = spec.MAGNITUDE.to_float(seen)
        parts = (torch.from_numpy(x.astype(np.float32)) for x in (features, noisy, clean))
        return Batch(*(part.transpose(0, 1).contiguous() for part in parts))


@dataclass
class Augmented:
    """Mixtures made on the fly, of random channels, rooms and levels."""

    speech: Corpus[Path]
    noise: Corpus[Path]

    @property
    def recordings(self) -> list[str]:
        """Files of speech and noise."""
        return [str(path) for path in (*self.speech.recordings, *self.noise.recordings)]

    def draw(self, rng: Rng, samples: int) -> tuple[Float, Float]:
        """Return one noisy clip and its clean reference, both through the same last channel."""
        speech = augment.channel(rng, self.speech.draw(rng, samples))
        if rng.random() < 0.2:
            speech = augment.filtered(speech, augment.room(rng, samples))
        noise = _scaled(augment.channel(rng, self.noise.draw(rng, samples), NOISE_SPREAD))
        if rng.random() < 0.25:
            second = _scaled(augment.channel(rng, self.noise.draw(rng, samples), NOISE_SPREAD))
            noise = noise + second * rng.uniform(0.2, 1)
        snr = rng.uniform(*(SNR_CLEAN if rng.random() < CLEAN else SNR))
        noise = _scaled(noise) * 10 ** (-snr / 20)
        clean = _scaled(speech)
        if rng.random() < 0.25:
            response = augment.telephone(rng, samples)
            clean, noise = augment.filtered(clean, response), augment.filtered(noise, response)
        return _levelled(rng, clean, noise)


@dataclass
class Written:
    """Mixtures as a manifest names them: random pieces, with nothing changed."""

    mixtures: Corpus[Mixture]

    @property
    def recordings(self) -> list[str]:
        """The mixtures' recipes."""
        return [repr(mixture) for mixture in self.mixtures.recordings]

    def draw(self, rng: Rng, samples: int) -> tuple[Float, Float]:
        """Return a piece of one mixture, or of several strung together, and its reference."""
        noisy, clean = self.mixtures.draw(rng, samples).T
        return noisy, clean


def sides(mixture: Mixture) -> list[Float]:
    """Realise a mixture for a `Corpus`: one piece of shape (n, 2), noisy and clean."""
    clean, noisy = mixture.realise()
    return [np.stack([noisy, clean], axis=1)]


def _levelled(rng: Rng, clean: Float, noise: Float) -> tuple[Float, Float]:
    """Bring the mixture to a random peak level, clip one in twenty, and round it to 16 bits."""
    peak = np.abs(clean + noise).max() + 1e-9
    level = 10 ** (rng.uniform(-45, 0) / 20) / peak
    if rng.random() < 0.05:
        level = 10 ** (rng.uniform(0, 9) / 20) / peak
    noisy = np.clip((clean + noise) * level, -1, 1)
    return np.round(noisy * 2**15) / 2**15, clean * level


def _scaled(signal: Float) -> Float:
    """Bring a segment to unit power."""
    return np.asarray(signal / np.sqrt(np.mean(signal**2) + 1e-12))
