"""Objective of the search: the mean STOI on the validation clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...evaluate.score import Scores, System
from ...evaluate.score_table import ScoreTable
from ...evaluate.workers import Work
from .space import Settings, text


class ByStoi:
    """Scores a float model quantized with given settings.

    Parameters
    ----------
    model : str
        Digest of the float model.
    table : ScoreTable
    work : Work
    on_scores : callable
        Called with the number of newly scored clips.
    """

    def __init__(
        self, model: str, table: ScoreTable, work: Work, on_scores: Callable[[int], object]
    ) -> None:
        self._model, self._table, self._work, self._on_scores = model, table, work, on_scores

    def __call__(self, batch: Sequence[Settings]) -> list[float]:
        """Return the mean STOI for each of the settings."""
        labels = [text(settings) for settings in batch]
        systems = {label: System(self._model, label) for label in labels}
        scored = self._table.fill(self._work, systems, self._on_scores)
        kept = [clip.scores for clip in scored if not clip.refused]
        if not kept:
            raise ValueError(f"all validation clips were refused: {scored[0].refused}")
        self._on_scores((len(labels) - len(systems)) * len(scored))
        return [_mean([scores[label] for scores in kept]) for label in labels]


def _mean(scores: Sequence[Scores]) -> float:
    return float(np.mean([float(score["stoi"]) for score in scores]))
