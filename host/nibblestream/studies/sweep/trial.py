"""A trial of the search, and the Pareto front of several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import pareto
from .space import Settings


@dataclass(frozen=True)
class Trial:
    """The settings of a trial and their result.

    Parameters
    ----------
    settings : dict
        Arguments of `quantize`, with the k that was found.
    bytes : int
        Bytes of codes.
    stoi : float
        Mean STOI on the validation clips.
    """

    settings: Settings
    bytes: int
    stoi: float


def front(trials: Iterable[Trial]) -> list[Trial]:
    """Return the Pareto front of the trials (fewer bytes, higher STOI), sorted by bytes."""
    return pareto.front(trials, lambda trial: (trial.bytes, -trial.stoi))
