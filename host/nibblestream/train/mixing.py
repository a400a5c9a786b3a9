"""Training batches, each determined by the seed and its number."""

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

SNR = (-5, 15)  # dB, drawn uniformly from this range ...
SNR_CLEAN = (20, 60)  # ... and for a fraction CLEAN of the clips from this one
CLEAN = 0.12

NOISE_SPREAD = 8.0  # dB; more than for speech: noises' spectra vary more than microphones'

Float = npt.NDArray[np.float64]
Rng = np.random.Generator


class Batch(NamedTuple):
    """One batch, float32 tensors of shape (clips, frames, 129)."""

    features: torch.Tensor  # the network's input
    noisy: torch.Tensor  # magnitudes
    clean: torch.Tensor  # magnitudes


class Supply(Protocol):
    """A source of random pairs of noisy and clean segments."""

    @property
    def recordings(self) -> list[str]:
        """Identifiers of all source recordings; a run can only be resumed with the same ones."""

    def draw(self, rng: Rng, samples: int) -> tuple[Float, Float]:
        """Return a noisy segment and its clean reference, both of shape (samples,)."""


@dataclass
class Batches(torch.utils.data.Dataset[Batch]):
    """A data set of batches; batch i of a seed is always the same.

    Parameters
    ----------
    supply : Supply
    features : {"magnitude", "log2"}
        The network's input features.
    seed : int
    clips : int
        Clips per batch.
    seconds : float
        Duration of a clip.
    """

    supply: Supply
    features: str
    seed: int
    clips: int = 32
    seconds: float = 3.0

    @property
    def recordings(self) -> list[str]:
        """Identifiers of the supply's recordings."""
        return self.supply.recordings

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
    """Mixtures made on the fly, with random channels, rooms and levels."""

    speech: Corpus[Path]
    noise: Corpus[Path]

    @property
    def recordings(self) -> list[str]:
        """Paths of the speech and noise files."""
        return [str(path) for path in (*self.speech.recordings, *self.noise.recordings)]

    def draw(self, rng: Rng, samples: int) -> tuple[Float, Float]:
        """Return a noisy clip and its clean reference; a telephone band applies to both."""
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
    """Random segments of a manifest's mixtures, without augmentation."""

    mixtures: Corpus[Mixture]

    @property
    def recordings(self) -> list[str]:
        """Representations of the mixtures."""
        return [repr(mixture) for mixture in self.mixtures.recordings]

    def draw(self, rng: Rng, samples: int) -> tuple[Float, Float]:
        """Return a segment of one mixture, or of several concatenated, and its reference."""
        noisy, clean = self.mixtures.draw(rng, samples).T
        return noisy, clean


def sides(mixture: Mixture) -> list[Float]:
    """Realise a mixture for a `Corpus`: one piece of shape (n, 2), columns noisy and clean."""
    clean, noisy = mixture.realise()
    return [np.stack([noisy, clean], axis=1)]


def _levelled(rng: Rng, clean: Float, noise: Float) -> tuple[Float, Float]:
    """Scale the mixture to a random peak level, clip one in twenty, and round to 16 bits."""
    peak = np.abs(clean + noise).max() + 1e-9
    level = 10 ** (rng.uniform(-45, 0) / 20) / peak
    if rng.random() < 0.05:
        level = 10 ** (rng.uniform(0, 9) / 20) / peak
    noisy = np.clip((clean + noise) * level, -1, 1)
    return np.round(noisy * 2**15) / 2**15, clean * level


def _scaled(signal: Float) -> Float:
    """Scale a segment to unit power."""
    return np.asarray(signal / np.sqrt(np.mean(signal**2) + 1e-12))
