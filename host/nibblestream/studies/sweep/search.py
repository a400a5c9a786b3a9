"""The search itself: trials in batches, whose outcome does not depend on who computed them when.

The sampler is seeded, asked for a whole batch, and told of it in the order it was asked in. So a
search that is run again asks for the same trials; those whose scores are known cost nothing, which
is how one that was killed goes on.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from ...network.float_model import FloatModel
from ...quantize import quantize
from .space import TOLD, Settings, Space

BATCH = 16  # trials asked for at once: enough tasks for a dozen workers
IN_VAIN = 20  # batches of settings that the weights do not allow, until it is said to be an error

# Settings -> the mean STOI of what each makes of the model.
Judge = Callable[[Sequence[Settings]], Sequence[float]]


@dataclass(frozen=True)
class Trial:
    """What was tried, and what came of it.

    Parameters
    ----------
    settings : dict
        Arguments of `quantize`, k as it was found.
    bytes : int
        Of codes.
    stoi : float
        Mean on the clips for validation.
    """

    settings: Settings
    bytes: int
    stoi: float


def search(model: FloatModel, space: Space, judge: Judge, trials: int, seed: int) -> list[Trial]:
    """Search for settings of few bytes and high STOI.

    Parameters
    ----------
    model : FloatModel
    space : Space
    judge : callable
        Scores candidates.
    trials : int
        How many; a search of more goes on where one of fewer ended.
    seed : int
        Of the sampler.

    Returns
    -------
    list of Trial
        In the order they were asked for.

    Raises
    ------
    ValueError
        Fewer than one trial, or no settings suit the model.
    """
    if trials < 1:
        raise ValueError(f"trials is {trials}; expected 1 or more")
    study = _study(space, seed)
    done: list[Trial] = []
    while len(done) < trials:
        asked = _ask(study, space, model)[: trials - len(done)]
        scores = judge([settings for _, settings, _ in asked])
        for (number, settings, size), stoi in zip(asked, scores, strict=True):
            done.append(Trial(settings, size, stoi))
            study.tell(number, [stoi, size][: 1 + space.mixed])
    return done


def front(trials: Sequence[Trial]) -> list[Trial]:
    """Return those trials that no other beats in bytes without losing STOI, by bytes."""
    found: list[Trial] = []
    for trial in sorted(trials, key=lambda trial: (trial.bytes, -trial.stoi)):
        if not found or trial.stoi > found[-1].stoi:
            found.append(trial)
    return found


def _study(space: Space, seed: int) -> Any:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=2 * BATCH, multivariate=True, group=True, constant_liar=True, seed=seed
        )
    directions = [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE][: 1 + space.mixed]
    study = optuna.create_study(directions=directions, sampler=sampler)
    for start in space.starts(BATCH):
        study.enqueue_trial(start)
    return study


def _ask(study: Any, space: Space, model: FloatModel) -> list[tuple[int, Settings, int]]:
    """Return a batch: number, settings and bytes; what the weights do not allow is told at once."""
    asked: list[tuple[int, Settings, int]] = []
    for _ in range(IN_VAIN * BATCH):
        trial = study.ask()
        try:
            settings, size = settle(model, space.suggest(trial))
        except ValueError as error:  # as of an accumulator that could overflow
            study.tell(trial, state=TrialState.FAIL)
            reason = error
            continue
        asked.append((trial.number, settings, size))
        if len(asked) == BATCH:
            return asked
    raise ValueError(f"no settings suit {model.name}: {reason}")


def settle(model: FloatModel, settings: Settings) -> tuple[Settings, int]:
    """Return settings with k as it is found from the weights, and the bytes of codes they make.

    So settings that make the same codes have the same name, and are scored once. Schemes that
    search on their own are left to, as they would find something else for a k that is told.
    """
    made = quantize(model, **settings)
    found = [
        layer.k if layer.scheme.name in TOLD else k
        for layer, k in zip(made.layers, settings["k"], strict=True)
    ]
    return settings | {"k": found}, made.ideal_bytes
