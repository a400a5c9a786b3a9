"""The sampler: TPE over a window of the trials, so that a draw costs the same throughout a search.

The time that TPE takes for a draw grows with the number of trials that it models. So when the
window is full, it is reduced to the best of its trials and to the latest ones.

A draw is a function of the seed, the trial's number, and what was asked and told before it: the
random generator starts anew with each number. An interrupted search thus goes on where it was
without drawing its trials again.

References
----------
S. Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and Their
Roles for Better Empirical Performance", https://arxiv.org/abs/2304.11127
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FixedTrial, TrialState, create_trial

from .space import Settings, Space
from .trial import Trial, front

STARTS = 16  # the paper's settings, for up to so many combinations of bits
RANDOM = 16  # trials after those, before the first that is drawn from a model
WINDOW, KEPT = 96, 48  # trials modelled at most; those kept when the window is full

Params = dict[str, Any]  # values of `Space.suggest`, by name
Distributions = dict[str, BaseDistribution]  # by name


class _Tpe(TPESampler):
    """TPE for trials that all have the same parameters, which it would take half its time to find.

    Parameters
    ----------
    distributions : dict
    random : int
        Number of trials before the first that is drawn from a model.
    seed : int
    """

    def __init__(self, distributions: Distributions, random: int, seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            options: dict[str, Any] = {"multivariate": True, "constant_liar": True}
            super().__init__(n_startup_trials=random, seed=seed, **options)
        self._distributions = distributions

    def infer_relative_search_space(self, study: Any, trial: Any) -> Distributions:
        """Return the distributions of the parameters that are drawn together: all."""
        return self._distributions


class Sampler:
    """Draws the trials of a search.

    Parameters
    ----------
    space : Space
    seed : int
    """

    def __init__(self, space: Space, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._seed = space, seed
        self._starts = space.starts(STARTS)
        self._distributions = _distributions(space)
        self._running: dict[int, tuple[int, Params]] = {}  # by number: number in the study, values
        self._window: list[tuple[Params, Trial]] = []
        self._asked = 0
        self._study = self._new_study()

    @property
    def running(self) -> Sequence[int]:
        """The numbers of the trials that were asked for and not yet told, in that order."""
        return tuple(self._running)

    def ask(self) -> tuple[int, Params, Settings]:
        """Draw a trial; return its number, the values drawn, and the settings that they make."""
        number = self._asked
        if number < len(self._starts):
            self._study.enqueue_trial(self._starts[number])
        self._study.sampler = self._tpe(number)
        trial = self._study.ask()
        settings, params = self._space.suggest(trial), trial.params
        self._running[number] = trial.number, params
        self._asked += 1
        return number, params, settings

    def ask_again(self, number: int, params: Params) -> Settings:
        """Take in a trial that was drawn before the search was interrupted."""
        self._run(number, params)
        self._asked = number + 1
        return self._space.suggest(FixedTrial(params))

    def tell(self, number: int, result: Trial | None) -> None:
        """Take in the result of a trial, or None if its settings were refused."""
        in_study, params = self._running.pop(number)
        if result is None:
            self._study.tell(in_study, state=TrialState.FAIL)
            return
        self._study.tell(in_study, self._values(result))
        self._window.append((params, result))
        if len(self._window) == WINDOW:
            self._reduce()

    def _tpe(self, number: int) -> BaseSampler:
        seed = int(np.random.SeedSequence((self._seed, number)).generate_state(1)[0])
        return _Tpe(self._distributions, len(self._starts) + RANDOM, seed)

    def _reduce(self) -> None:
        """Begin a new study with the best half of what is kept, the latest, and what is running."""
        best = _best([trial for _, trial in self._window], KEPT // 2)
        others = [i for i, (_, trial) in enumerate(self._window) if id(trial) not in best]
        latest = set(others[-(KEPT - len(best)) :])
        self._window = [
            kept for i, kept in enumerate(self._window) if i in latest or id(kept[1]) in best
        ]
        self._study = self._new_study()
        for params, trial in self._window:
            self._add(params, values=self._values(trial))
        for number, (_, params) in list(self._running.items()):
            self._run(number, params)

    def _run(self, number: int, params: Params) -> None:
        self._running[number] = len(self._study.get_trials(deepcopy=False)), params
        self._add(params, state=TrialState.RUNNING)

    def _add(self, params: Params, **result: Any) -> None:
        self._study.add_trial(
            create_trial(params=params, distributions=self._distributions, **result)
        )

    def _values(self, trial: Trial) -> list[float]:
        return [trial.stoi, trial.bytes][: 1 + self._space.mixed]

    def _new_study(self) -> Any:
        directions = [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]
        return optuna.create_study(directions=directions[: 1 + self._space.mixed])


def _distributions(space: Space) -> Distributions:
    """Return the distribution of each parameter, by name."""
    trial = FixedTrial(space.starts(1)[0])
    space.suggest(trial)
    return dict(trial.distributions)


def _best(trials: Iterable[Trial], count: int) -> set[int]:
    """Return the ids of the best `count` trials: of the front, then of what is left without it.

    Of trials with equal results one is taken.
    """
    left = list({(trial.bytes, trial.stoi): trial for trial in trials}.values())
    found: list[int] = []
    while left and len(found) < count:
        found += [id(trial) for trial in front(left)]
        left = [trial for trial in left if id(trial) not in found]
    return set(found[:count])
