"""Workers for scoring tasks: this process, a pool of processes, or a Dask cluster.

Each worker receives all clips and models once, when it starts; a task refers to those it uses.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context

from ..console import warn_in_one_line
from .score import Scorer, Scores, Task

Answer = list[Scores | str]  # for each clip: its scores, or why it was refused
Work = Callable[[Iterable[Task]], Iterator[tuple[Task, Answer]]]  # answers as they arrive
# Opens workers with a scorer; they accept tasks until the context ends.
Workers = Callable[[Scorer], AbstractContextManager[Work]]

_POOL = "pool"
_scorers: dict[str, Scorer | str] = {}  # by name, in a worker process


def local(jobs: int) -> Workers:
    """Return workers on this machine: single-threaded processes, or for one job this process.

    A script that uses several must guard its code by ``if __name__ == "__main__":``, because the
    processes import the script.

    Raises
    ------
    ValueError
        `jobs` is less than 1.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; expected 1 process or more")
    return _here if jobs == 1 else lambda scorer: _pool(jobs, scorer)


def hold(name: str, scorer: Scorer | str | None) -> None:
    """Register a scorer under a name in this process, which makes the process a worker.

    A string instead of a scorer is the reason why tasks must fail; None removes the scorer.
    """
    if scorer is None:
        _scorers.pop(name, None)
    else:
        _scorers[name] = scorer


def do(name: str, task: Task) -> Answer:
    """Run a task with the scorer of that name; RuntimeError with the reason if there is none."""
    scorer = _scorers.get(name, "this worker has not received clips and models")
    if isinstance(scorer, str):
        raise RuntimeError(scorer)
    return scorer(task)


def as_they_come(
    submit: Callable[[Task], Future[Answer]], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Answer]]:
    """Submit all tasks and yield answers as they complete; the first error ends the iteration."""
    waiting = {submit(task): task for task in tasks}
    try:
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        for future in waiting:
            future.cancel()


@contextmanager
def _here(scorer: Scorer) -> Iterator[Work]:
    yield lambda tasks: ((task, scorer(task)) for task in tasks)


@contextmanager
def _pool(jobs: int, scorer: Scorer) -> Iterator[Work]:
    with ProcessPoolExecutor(jobs, get_context("spawn"), _settle, (scorer,)) as executor:
        yield lambda tasks: as_they_come(lambda task: executor.submit(do, _POOL, task), tasks)


def _settle(scorer: Scorer) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C
    warn_in_one_line()
    hold(_POOL, scorer)
