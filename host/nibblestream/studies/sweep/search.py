"""The search: batches of trials whose outcome does not depend on the order of computation.

The sampler is seeded; it draws a whole batch and receives the scores in the order of drawing. A
repeated search therefore draws the same trials, and those whose scores are cached cost nothing:
this is how an interrupted search resumes.
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

BATCH = 16  # trials drawn at once: enough tasks for a dozen workers
IN_VAIN = 20  # batches of settings not valid for the weights, after which the search fails

# Batch of settings -> mean STOI of the model quantized with each of them.
Judge = Callable[[Sequence[Settings]], Sequence[float]]


@dataclass(frozen=True)
class Trial:
    """The settings of a trial and their result.

    Parameters
    ----------
    settings : dict
        Arguments of `quantize`, with the k that was found.
    bytes : int
        Bytes of codes.
    stoi : float
        Mean STOI on the validation clips.
    """

    settings: Settings
    bytes: int
    stoi: float


def search(model: FloatModel, space: Space, judge: Judge, trials: int, seed: int) -> list[Trial]:
    """Search for settings with few bytes and high STOI.

    Parameters
    ----------
    model : FloatModel
    space : Space
    judge : callable
        Scores a batch of settings.
    trials : int
        Number of trials; a longer search starts with the same trials as a shorter one.
    seed : int
        Seed of the sampler.

    Returns
    -------
    list of Trial
        In the order they were drawn.

    Raises
    ------
    ValueError
        `trials` is less than 1, or no settings are valid for the model.
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
    """Return the Pareto front of the trials (fewer bytes, higher STOI), sorted by bytes."""
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
    """Draw a batch of (number, settings, bytes); report invalid settings as failed."""
    asked: list[tuple[int, Settings, int]] = []
    for _ in range(IN_VAIN * BATCH):
        trial = study.ask()
        try:
            settings, size = settle(model, space.suggest(trial))
        except ValueError as error:  # for example, the accumulator could overflow
            study.tell(trial, state=TrialState.FAIL)
            reason = error
            continue
        asked.append((trial.number, settings, size))
        if len(asked) == BATCH:
            return asked
    raise ValueError(f"no settings suit {model.name}: {reason}")


def settle(model: FloatModel, settings: Settings) -> tuple[Settings, int]:
    """Return the settings with the k found from the weights, and the resulting bytes of codes.

    Settings that result in the same codes thus become equal and are scored once. For schemes that
    search other parameters too, k is left as it is: with a fixed k they would find other ones.
    """
    made = quantize(model, **settings)
    found = [
        layer.k if layer.scheme.name in TOLD else k
        for layer, k in zip(made.layers, settings["k"], strict=True)
    ]
    return settings | {"k": found}, made.ideal_bytes
