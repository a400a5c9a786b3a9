"""The mixing protocol of section 4 of the paper.

A random speech signal, a noise segment of equal length, and a signal-to-noise ratio drawn
independently from {0, 5} dB for each mixture; about 12,000 mixtures for training, 5,000 for
validation and 2,800 for testing. Speech is not cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from . import corpora
from .mixtures import Mixture, mixtures

COUNTS = {"train": 12_000, "val": 5_000, "test": 2_800}
SNRS = (0.0, 5.0)  # dB


def draw(
    speech: str | Path,
    noise: str | Path,
    split: str,
    *,
    count: int | None = None,
    snrs: Sequence[float] = SNRS,
    seed: int = 0,
) -> list[Mixture]:
    """Draw the mixtures of a split.

    Parameters
    ----------
    speech, noise : path
        Folders of corpora; see `corpora.files`.
    split : {"train", "val", "test"}
    count : int, optional
        Number of mixtures; by default the paper's number for the split.
    snrs : sequence of float
        In dB.
    seed : int
        Not negative.

    Raises
    ------
    FileNotFoundError, ValueError
        As `mixtures` and `corpora.files` do.
    """
    return mixtures(
        speech,
        noise,
        count=COUNTS[split] if count is None else count,
        seed=seed,
        snrs=snrs,
        balanced=False,
        longest=inf,
        files=partial(corpora.files, split=split),
    )


def described(speech: str | Path, noise: str | Path, **drawn: Any) -> dict[str, Any]:
    """Describe how mixtures were drawn, for `manifest.write`: `drawn` and the folders' layouts."""
    folders = {"speech": speech, "noise": noise}
    layouts = {f"{name} layout": corpora.layout(folder) for name, folder in folders.items()}
    return {**drawn, **layouts}
