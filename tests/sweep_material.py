"""Clips of a second and a half and a small network, for sweeps that take seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from networks import network
from nibblestream.evaluate.clip import Clip
from nibblestream.evaluate.mixtures import Mixture, mixtures
from nibblestream.network.float_model import FloatModel

RATE = 8000


@dataclass(frozen=True)
class Named:
    """A clip that nothing reads."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return self.name

    def realise(self) -> Clip:
        return Clip(np.zeros(1), np.zeros(1))


def folders(root: Path) -> list[Path]:
    """Make folders of speech and noise to search on, and of speech and noise to report on."""
    rng = np.random.default_rng(5)
    found = []
    for name in ("val-speech", "val-noise", "speech", "noise"):
        (root / name).mkdir()
        found.append(root / name)
        for index in range(2):
            time = np.arange(int(1.7 * RATE)) / RATE
            envelope = np.abs(np.sin(2 * np.pi * (2 + index) * time))
            wave = 0.1 * envelope * rng.standard_normal(len(time))
            soundfile.write(root / name / f"{index}.wav", wave, RATE)
    return found


def clips(root: Path, count: int = 3) -> tuple[list[Mixture], list[Mixture]]:
    """Return clips to search on, and others to report on."""
    val_speech, val_noise, speech, noise = folders(root)
    return mixtures(val_speech, val_noise, count=count), mixtures(speech, noise, count=count)


def small() -> FloatModel:
    """Return a network of two layers, of which the first is small."""
    return network(hidden=(8,), seed=3)
