"""A complete sweep: search on validation clips, comparison on test clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from ...evaluate.clip import Source
from ...evaluate.known import Known
from ...evaluate.score import Scorer
from ...evaluate.score_table import ScoreTable
from ...evaluate.workers import Work, Workers, local
from ...network.float_model import FloatModel
from .held_out import Row, compare, rows
from .judge import ByStoi
from .search import Trial, front, search
from .space import Space

TRIALS = 200
METRICS = ("stoi",)


@dataclass(frozen=True)
class Sweep:
    """Results of a sweep.

    Parameters
    ----------
    trials : list of Trial
        All trials, in the order they were drawn.
    rows : list of Row
        The best trial for each size, and the rows they are compared with.
    refused : dict
        Test clips that were refused by the metric.
    """

    trials: list[Trial]
    rows: list[Row]
    refused: dict[str, Any]


def sweep(
    model: FloatModel,
    validation: Sequence[Source],
    test: Sequence[Source],
    space: Space,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    backend: str = "emu",
    workers: Workers | None = None,
    known: Known | None = None,
) -> Sweep:
    """Search for the settings of `quantize` that lose the least STOI at each size.

    Parameters
    ----------
    model : FloatModel
    validation, test : sequence of Source
        Clips to search on, and clips to report results on.
    space : Space
        The search space.
    trials, seed : int
        Number of trials, and seed of the sampler. For given clips, model and space the result
        depends only on these.
    backend : str
        Backend that runs the models.
    workers : Workers, optional
        `local` or `cluster`; by default one local worker.
    known : Known, optional
        Cache of scores, with which an interrupted sweep resumes.

    Raises
    ------
    ValueError, OSError
        A parameter is out of range, or all clips were refused.
    """
    workers, known = workers or local(1), known or Known()
    models = {model.digest: model}

    @contextmanager
    def scoring(
        clips: Sequence[Source], systems: int, title: str
    ) -> Iterator[tuple[ScoreTable, Work, Callable[[int], object]]]:
        bar = tqdm(total=systems * len(clips), desc=title, unit="clip", disable=None)
        with bar, workers(Scorer(clips, models)) as work:
            yield ScoreTable(clips, METRICS, backend, known), work, bar.update

    with scoring(validation, trials, "search") as (table, work, tick):
        tried = search(model, space, ByStoi(model.digest, table, work, tick), trials, seed)
    listed = rows(model, front(tried))
    with scoring(test, len(listed), "test") as (table, work, tick):
        compared, refused = compare(model, listed, table, work, tick)
    return Sweep(tried, compared, refused)
