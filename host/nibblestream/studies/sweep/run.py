"""A sweep from end to end: search on clips for validation, compare on clips for the test."""

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
    """What came of a sweep.

    Parameters
    ----------
    trials : list of Trial
        All, in the order they were asked for.
    rows : list of Row
        The best for each size, and what they are compared with.
    refused : dict
        Clips of the test that no metric could use.
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
    """Search for the settings of `quantize` that lose least STOI for each number of bytes.

    Parameters
    ----------
    model : FloatModel
    validation, test : sequence of Source
        Clips to search on, and clips to report on.
    space : Space
        What to choose from.
    trials, seed : int
        How many, and of the sampler. The result depends on nothing else.
    backend : str
        What computes.
    workers : Workers, optional
        `local` or `cluster`; this process if not given.
    known : Known, optional
        Scores that need not be computed; with it a sweep that was killed goes on.

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
