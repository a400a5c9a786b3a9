"""Where tasks are done: in this process, in a pool of processes, or on a Dask cluster.

Each worker is given all clips and models once, when it starts; a task names what it uses.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context

from ..console import warn_in_one_line
from .score import Scorer, Scores, Task

Answer = list[Scores | str]  # for each clip of a task: its scores, or why it was refused
Work = Callable[[Iterable[Task]], Iterator[tuple[Task, Answer]]]  # answers as they come
# Gives a scorer to every worker; they work as long as it is open.
Workers = Callable[[Scorer], AbstractContextManager[Work]]

_POOL = "pool"
_scorers: dict[str, Scorer | str] = {}  # of this process, if it is a worker


def local(jobs: int) -> Workers:
    """Return workers on this machine: processes of one thread each, or for one job this process.

    From a script, use more than one under ``if __name__ == "__main__":``, for the processes import
    the script.

    Raises
    ------
    ValueError
        Fewer than one.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; expected 1 process or more")
    return _here if jobs == 1 else lambda scorer: _pool(jobs, scorer)


def hold(name: str, scorer: Scorer | str | None) -> None:
    """Make this process a worker, whose tasks are done by the scorer of that name.

    In its place, a text says why there is none, and None makes it a worker no more.
    """
    if scorer is None:
        _scorers.pop(name, None)
    else:
        _scorers[name] = scorer


def do(name: str, task: Task) -> Answer:
    """Do a task in a process that was made a worker; a RuntimeError says why it was not."""
    scorer = _scorers.get(name, "this worker was given no clips and models")
    if isinstance(scorer, str):
        raise RuntimeError(scorer)
    return scorer(task)


def as_they_come(
    submit: Callable[[Task], Future[Answer]], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Answer]]:
    """Submit all tasks and give each answer when it is there; the first error ends it."""
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    warn_in_one_line()
    hold(_POOL, scorer)
