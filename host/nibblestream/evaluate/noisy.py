"""Noisy speech at 8 kHz for calibration, from recordings or mixed from folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from .. import spec
from ..sound import reading
from .clip import Float
from .mixtures import mixtures

LONGEST = 60  # seconds used of each recording
RECORDINGS = 400  # recordings drawn from folders, at most


def recordings(paths: Iterable[str | Path], *, seed: int = 0) -> Iterator[Float]:
    """Read recordings as mono at 8 kHz, at most the first minute of each.

    Parameters
    ----------
    paths : iterable of path
        Files, or folders, which are searched with their sub-folders.
    seed : int
        Seed for choosing 400 recordings if there are more.
    """
    found = [[path] if path.is_file() else reading.find(path) for path in map(Path, paths)]
    files = [file for some in found for file in some]
    for i in np.sort(np.random.default_rng(seed).permutation(len(files))[:RECORDINGS]):
        yield reading.read_mono(files[i], last=LONGEST * spec.SAMPLE_RATE)


def mixed(
    speech: str | Path, noise: str | Path, *, count: int = 300, seed: int = 0
) -> Iterator[Float]:
    """Mix speech and noise of two folders at 0 and 5 dB, as `mixtures` does."""
    for mixture in mixtures(speech, noise, count=count, seed=seed):
        yield mixture.realise().noisy
