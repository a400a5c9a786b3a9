"""A complete sweep: search on validation clips, comparison on test clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...evaluate.clip import Source
from ...evaluate.known import Known
from ...evaluate.score import Scorer
from ...evaluate.score_table import ScoreTable
from ...evaluate.workers import Work, Workers, local
from ...hardware import sources
from ...network.float_model import FloatModel
from .held_out import Row, compare, rows
from .journal import open_journal
from .judge import ByStoi
from .search import search
from .space import Space
from .trial import Trial, front

TRIALS = 200
METRICS = ("stoi",)


@dataclass(frozen=True)
class Sweep:
    """Results of a sweep.

    Parameters
    ----------
    trials : list of Trial
        All trials, in the order they ended.
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
    journals: Path | None = None,
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
        Number of trials, and seed of the sampler. For given clips, model and space, and one worker,
        the result depends only on these; with several, it also depends on the order in which
        their trials end.
    backend : str
        Backend that runs the models.
    workers : Workers, optional
        `local` or `cluster`; by default one local worker.
    known : Known, optional
        Cache of scores.
    journals : path, optional
        Folder in which the search keeps its journal, so that it resumes after an interruption.

    Raises
    ------
    ValueError, OSError
        A parameter is out of range, or all clips were refused.
    RuntimeError
        Another process runs the same search.
    """
    workers, known = workers or local(1), known or Known()
    models = {model.digest: model}

    @contextmanager
    def scoring(
        clips: Sequence[Source], total: int, title: str, unit: str
    ) -> Iterator[tuple[ScoreTable, Work, Callable[[int], object]]]:
        bar = tqdm(total=total, desc=title, unit=unit, disable=None)
        with bar, workers(Scorer(clips, models)) as work:
            yield ScoreTable(clips, METRICS, backend, known), work, bar.update

    with scoring(validation, trials, "search", "trial") as (table, work, tick):
        judge = ByStoi(model.digest, table, work)
        path = journals and journals / f"{_identity(model, space, seed, table)}.jsonl"
        with open_journal(path) as journal:
            tried = search(
                space, judge, trials, seed, places=work.places, journal=journal, on_trials=tick
            )
    listed = rows(model, front(tried))
    with scoring(test, len(listed) * len(test), "test", "clip") as (table, work, tick):
        compared, refused = compare(model, listed, table, work, tick)
    return Sweep(tried, compared, refused)


def _identity(model: FloatModel, space: Space, seed: int, table: ScoreTable) -> str:
    """Return a digest of everything that determines a search."""
    here = Path(__file__).parent.glob("*.py")
    drawn = (repr(space), str(seed), metadata.version("optuna"))
    return sources.digest(here, model.digest, table.digest, *drawn)
