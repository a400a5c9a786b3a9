"""The Pareto front: candidates than which no other is better in one respect and as good in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from .candidates import Candidate
from .dominance import undominated

CRITERIA: Final = ("DSPs", "LUTs", "latency", "rate")
NEARLY: Final = 0.05  # geometries are told apart if a criterion differs by more than this share


def costs(candidate: Candidate) -> tuple[float, ...]:
    """Return what is to be small, in the order of `CRITERIA`; the rate as clocks per row."""
    used = candidate.resources
    return used.dsps, used.luts, candidate.live_clocks, candidate.clocks


def front(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the front, the fastest in blocks first; of equal ones that with least block RAM."""
    ordered = sorted(found, key=lambda each: (each.clocks, each.resources.bram18))
    return [ordered[i] for i in undominated([costs(each) for each in ordered])]


def best(found: Sequence[Candidate]) -> dict[str, Candidate]:
    """Return the best candidate of each of `CRITERIA`; of equal ones the fastest in blocks."""
    return {
        name: min(found, key=lambda each: (costs(each)[i], each.clocks, each.live_clocks))
        for i, name in enumerate(CRITERIA)
    }


def distinct(found: Sequence[Candidate]) -> list[Candidate]:
    """Return a front without neighbours that hardly differ: the best of each criterion, and others.

    Each one left out is in every criterion at most `NEARLY` better than one that stays.
    """
    kept = list({id(each): each for each in best(found).values()}.values())
    for each in found:
        own = np.array(costs(each))
        if not any((np.array(costs(other)) <= (1 + NEARLY) * own).all() for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: each.clocks)
