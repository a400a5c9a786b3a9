"""Objective of the search: the mean STOI on the validation clips."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

import numpy as np

from ...evaluate.score import System
from ...evaluate.score_table import ScoreTable
from ...evaluate.workers import Work, score
from .settle import Settled, settle_on_worker
from .space import Settings, text
from .trial import Trial

# The steps of a trial: a generator of the futures that it waits for, which is sent their results.
# It returns the trial, or the reason why its settings are refused.
Steps = Generator["Future[Any]", Any, Trial | str]


class ByStoi:
    """Scores a float model quantized with given settings.

    Workers quantize and score. Settings that result in the same codes are scored once.

    Parameters
    ----------
    model : str
        Digest of the float model.
    table : ScoreTable
    work : Work
    """

    def __init__(self, model: str, table: ScoreTable, work: Work) -> None:
        self._model, self._table, self._work = model, table, work
        self._means: dict[str, Future[float]] = {}  # by digest of the quantized model

    def __call__(self, settings: Settings) -> Steps:
        """Return the steps of a trial of these settings."""
        settled: Settled | str = yield self._work.submit(settle_on_worker, (self._model, settings))
        if isinstance(settled, str):
            return settled
        if settled.digest not in self._means:
            mean = self._means[settled.digest] = Future[float]()
            mean.set_result((yield from self._score(text(settled.settings))))
        stoi = yield self._means[settled.digest]
        return Trial(settled.settings, settled.bytes, stoi)

    def _score(self, settings: str) -> Generator[Future[Any], Any, float]:
        system = System(self._model, settings)
        scores = self._table.known(system)
        task = self._table.rest(system, scores)
        if task is not None:
            answer = yield self._work.submit(score, task)
            scores |= self._table.keep(task, answer)
        if not scores:
            raise ValueError(f"all validation clips were refused: {answer[0]}")
        return float(np.mean([float(scores[row]["stoi"]) for row in sorted(scores)]))
