"""Workers: this process, a pool of processes, or a Dask cluster.

Each worker receives all clips and models once, when it starts; a task refers to those it uses.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

from ..console import warn_in_one_line
from .score import Scorer, Scores, Task

Answer = list[Scores | str]  # for each clip: its scores, or why it was refused
Call = Callable[[Scorer, Any], Any]

_POOL = "pool"
_scorers: dict[str, Scorer | str] = {}  # by name, in a worker process


@dataclass(frozen=True)
class Work:
    """Workers that accept calls.

    Parameters
    ----------
    submit : callable
        Takes a function and an argument, both picklable, and returns the `Future` of the
        function's result for the worker's scorer and that argument.
    places : callable
        Returns how many workers there are at present; at least 1.
    """

    submit: Callable[[Call, Any], Future[Any]]
    places: Callable[[], int]

    def answers(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer]]:
        """Submit tasks, and yield answers as they complete; the first error ends the iteration."""
        left, waiting = iter(tasks), dict[Future[Answer], Task]()
        try:
            while True:
                room = max(0, 2 * self.places() - 1 - len(waiting))  # one more is ready for each
                waiting |= {self.submit(score, task): task for task in islice(left, room)}
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        finally:
            for future in waiting:
                future.cancel()


# Opens workers with a scorer; they accept calls until the context ends.
Workers = Callable[[Scorer], AbstractContextManager[Work]]


def score(scorer: Scorer, task: Task) -> Answer:
    """Run a scoring task: a function to submit."""
    return scorer(task)


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

    A string instead of a scorer is the reason why calls must fail; None removes the scorer.
    """
    if scorer is None:
        _scorers.pop(name, None)
    else:
        _scorers[name] = scorer


def do(name: str, function: Call, argument: Any) -> Any:
    """Call a function with the scorer of that name; RuntimeError with the reason if it is none."""
    scorer = _scorers.get(name, "this worker has not received clips and models")
    if isinstance(scorer, str):
        raise RuntimeError(scorer)
    return function(scorer, argument)


@contextmanager
def _here(scorer: Scorer) -> Iterator[Work]:
    def submit(function: Call, argument: Any) -> Future[Any]:
        future = Future[Any]()
        future.set_result(function(scorer, argument))
        return future

    yield Work(submit, lambda: 1)


@contextmanager
def _pool(jobs: int, scorer: Scorer) -> Iterator[Work]:
    with ProcessPoolExecutor(jobs, get_context("spawn"), _settle, (scorer,)) as executor:
        yield Work(lambda *call: executor.submit(do, _POOL, *call), lambda: jobs)


def _settle(scorer: Scorer) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C
    warn_in_one_line()
    hold(_POOL, scorer)
