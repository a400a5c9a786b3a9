"""What the search is told of settings: the mean STOI on the clips for validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...evaluate.score import Scores, System
from ...evaluate.score_table import ScoreTable
from ...evaluate.workers import Work
from .space import Settings, text


class ByStoi:
    """Scores what settings make of a float model.

    Parameters
    ----------
    model : str
        The float model's digest.
    table : ScoreTable
    work : Work
    on_scores : callable
        Called with the number of clips that settings were just scored on.
    """

    def __init__(
        self, model: str, table: ScoreTable, work: Work, on_scores: Callable[[int], object]
    ) -> None:
        self._model, self._table, self._work, self._on_scores = model, table, work, on_scores

    def __call__(self, batch: Sequence[Settings]) -> list[float]:
        """Return the mean STOI of each."""
        labels = [text(settings) for settings in batch]
        systems = {label: System(self._model, label) for label in labels}
        scored = self._table.fill(self._work, systems, self._on_scores)
        kept = [clip.scores for clip in scored if not clip.refused]
        if not kept:
            raise ValueError(f"all clips for validation were refused: {scored[0].refused}")
        self._on_scores((len(labels) - len(systems)) * len(scored))
        return [_mean([scores[label] for scores in kept]) for label in labels]


def _mean(scores: Sequence[Scores]) -> float:
    return float(np.mean([float(score["stoi"]) for score in scores]))
