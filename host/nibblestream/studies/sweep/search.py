"""The search: a trial for each worker, asked for as soon as another is told.

Nothing waits for a batch. With one worker, a search depends only on its seed; with several, the
sampler's draws also depend on the order in which trials end.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from .journal import Journal
from .judge import Steps
from .sampler import Sampler
from .space import Settings, Space
from .trial import Trial

IN_VAIN = 320  # refused settings in a row, after which the search fails


def search(
    space: Space,
    judge: Callable[[Settings], Steps],
    trials: int,
    seed: int,
    *,
    places: Callable[[], int] = lambda: 1,
    journal: Journal | None = None,
    on_trials: Callable[[int], object] = lambda count: None,
) -> list[Trial]:
    """Search for settings with few bytes and high STOI.

    Parameters
    ----------
    space : Space
    judge : callable
        Returns the steps of a trial.
    trials : int
        Number of trials. With one place, a longer search starts with the same trials.
    seed : int
        Seed of the sampler.
    places : callable
        Returns how many trials to run at the same time.
    journal : Journal, optional
        With events of the same search: it goes on where it was. Its unfinished trials are judged
        again.
    on_trials : callable
        Called with the number of trials that have just ended.

    Returns
    -------
    list of Trial
        In the order they ended.

    Raises
    ------
    ValueError
        `trials` is less than 1, or no settings are valid for the model.
    """
    if trials < 1:
        raise ValueError(f"trials is {trials}; expected 1 or more")
    running = _Search(space, judge, seed, journal or Journal())
    running.resume()
    on_trials(min(len(running.done), trials))
    try:
        while len(running.done) < trials:
            running.ask(min(places(), trials - len(running.done)))
            on_trials(running.tell())
    finally:
        running.cancel()
    return running.done[:trials]


class _Search:
    """The state of a search."""

    def __init__(
        self, space: Space, judge: Callable[[Settings], Steps], seed: int, journal: Journal
    ) -> None:
        self._sampler = Sampler(space, seed)
        self._judge, self._journal = judge, journal
        self._waiting: dict[Future[Any], list[tuple[int, Steps]]] = {}
        self._again: list[tuple[int, Settings]] = []  # resumed, and not yet begun
        self._refused = 0  # in a row
        self.done: list[Trial] = []

    def resume(self) -> None:
        """Repeat the journal's events; the trials that were not told are the next to begin."""
        settings: dict[int, Settings] = {}
        for event in self._journal.events:
            if event.params is not None:
                settings[event.number] = self._sampler.ask_again(event.number, event.params)
            else:
                self._sampler.tell(event.number, event.trial)
                self.done += [event.trial] if event.trial else []
        self._again = [(number, settings[number]) for number in self._sampler.running]

    def ask(self, places: int) -> None:
        """Begin trials for the places that are free."""
        begun = len(self._sampler.running) - len(self._again)
        for _ in range(places - begun):
            number, settings = self._again.pop(0) if self._again else self._draw()
            self._step(number, self._judge(settings), None)

    def tell(self) -> int:
        """Wait until something ends; tell the trials that this ends, and return their number."""
        before = len(self.done)
        for future in wait(self._waiting, return_when=FIRST_COMPLETED).done:
            for number, steps in self._waiting.pop(future):
                self._step(number, steps, future.result())
        return len(self.done) - before

    def cancel(self) -> None:
        """Cancel what has not begun on a worker."""
        for future in self._waiting:
            future.cancel()

    def _draw(self) -> tuple[int, Settings]:
        number, params, settings = self._sampler.ask()
        self._journal.asked(number, params)
        return number, settings

    def _step(self, number: int, steps: Steps, result: Any) -> None:
        try:
            future = steps.send(result)
        except StopIteration as end:
            self._end(number, end.value)
        else:
            self._waiting.setdefault(future, []).append((number, steps))

    def _end(self, number: int, result: Trial | str) -> None:
        trial = None if isinstance(result, str) else result
        self._journal.told(number, trial)
        self._sampler.tell(number, trial)
        if trial is not None:
            self.done.append(trial)
        self._refused = 0 if trial is not None else self._refused + 1
        if self._refused == IN_VAIN:
            raise ValueError(f"no settings of the space suit the model: {result}")
