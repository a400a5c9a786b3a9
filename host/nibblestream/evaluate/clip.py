"""What is evaluated: pairs of a clean and a noisy signal, made where they are scored."""

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
    """A light recipe of a clip; it travels to the process that scores it and is realised there."""

    @property
    def name(self) -> str:
        """Name of the material; clips of one name are not independent of each other."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups that the clip is averaged in, besides "all"."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that makes the clip, the files' content too; OSError if they are gone."""

    def realise(self) -> Clip:
        """Read or mix the clip; raises ValueError or OSError when that cannot be done."""
