"""Mixtures made on the fly: batch number i of a seed is always the same batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from .. import spec, stft
from ..features import FloorTracker
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


@dataclass
class Batches(torch.utils.data.Dataset[Batch]):
    """Batches of noisy and clean clips, by number.

    Parameters
    ----------
    speech, noise : Corpus
    features : {"magnitude", "log2"}
        What the network sees.
    seed : int
    clips : int
        Clips in a batch.
    seconds : float
        Length of a clip.
    """

    speech: Corpus
    noise: Corpus
    features: str
    seed: int
    clips: int = 32
    seconds: float = 3.0

    def __getitem__(self, number: int) -> Batch:
        rng = np.random.default_rng((self.seed, number))
        samples = round(self.seconds * spec.SAMPLE_RATE)
        pairs = [self._pair(rng, samples) for _ in range(self.clips)]
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

    def _pair(self, rng: Rng, samples: int) -> tuple[Float, Float]:
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
