"""Evaluation clips (pairs of a clean and a noisy signal) and the recipes they are made from."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]


class Clip(NamedTuple):
    """A clean signal and its noisy version: float64, the same shape (n,), 8 kHz."""

    clean: Float
    noisy: Float


class Source(Protocol):
    """A clip's recipe: small, sent to the process that scores the clip and realised there."""

    @property
    def name(self) -> str:
        """Name of the material; clips with the same name are not statistically independent."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups in whose averages the clip counts, besides "all"."""

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe and the files' contents; OSError if a file is missing."""

    def realise(self) -> Clip:
        """Read or mix the clip; raises ValueError or OSError if that is impossible."""
