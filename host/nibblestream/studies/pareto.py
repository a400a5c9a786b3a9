"""The Pareto front of results that have two costs each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Result = TypeVar("Result")


def front(found: Iterable[Result], costs: Callable[[Result], tuple[float, float]]) -> list[Result]:
    """Return the results that no other one beats, in rising order of the first cost.

    Of equal ones, the first stays.

    Parameters
    ----------
    found : iterable
        The results.
    costs : callable
        The two costs of a result, neither NaN; lower is better.
    """
    kept: list[Result] = []
    for one in sorted(found, key=costs):
        if not kept or costs(one)[1] < costs(kept[-1])[1]:
            kept.append(one)
    return kept
