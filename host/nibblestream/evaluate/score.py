"""The scores of one clip: the noisy input and every model's output, by every metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from .. import spec
from .clip import Float, Source
from .metrics import METRICS, UndefinedScoreError

NOISY = "noisy"  # the input, listed as if it were a model

Enhance = Callable[[Float], Float]
OpenModel = Callable[[str, str], Enhance]  # model, backend -> what cleans a signal at 8 kHz
Score = float | str  # a number, or why there is none


@dataclass(frozen=True)
class Job:
    """What is done with each clip: models by label, a backend, metrics, and how a model opens."""

    models: dict[str, str]
    backend: str
    metrics: Sequence[str]
    open_model: OpenModel


@dataclass(frozen=True)
class Scored:
    """The scores of one clip, by model and metric, or why it was refused."""

    name: str
    groups: tuple[str, ...]
    scores: dict[str, dict[str, Score]] = field(default_factory=dict)
    refused: str = ""


def score(source: Source, job: Job) -> Scored:
    """Realise a clip and score it.

    A clip that cannot be read, or whose clean signal no metric can use, is refused; an error of a
    model is the model's and is raised.
    """
    try:
        clean, noisy = source.realise()
        scores = {NOISY: _measure(clean, noisy, job.metrics)}
    except (ValueError, OSError) as error:
        return Scored(source.name, source.groups, refused=str(error))
    for label, model in job.models.items():
        estimate = opened(job.open_model, model, job.backend)(noisy)
        _check(estimate, noisy, f"model '{label}' on {source.name}")
        scores[label] = _measure(clean, estimate, job.metrics)
    return Scored(source.name, source.groups, scores)


def enhancer(model: str, backend: str) -> Enhance:
    """Open a model, by name or path, in an `Enhancer`."""
    from nibblestream import Enhancer

    opened_model = Enhancer(model=model, backend=backend)
    return lambda noisy: opened_model.enhance(noisy, spec.SAMPLE_RATE)


@cache
def opened(open_model: OpenModel, model: str, backend: str) -> Enhance:
    """Open a model once in each process."""
    return open_model(model, backend)


def _measure(clean: Float, estimate: Float, metrics: Sequence[str]) -> dict[str, Score]:
    return {metric: _score(metric, clean, estimate) for metric in metrics}


def _score(metric: str, clean: Float, estimate: Float) -> Score:
    try:
        return METRICS[metric](clean, estimate)
    except UndefinedScoreError as reason:
        return str(reason)


def _check(estimate: Float, noisy: Float, what: str) -> None:
    if estimate.shape != noisy.shape or not np.isfinite(estimate).all():
        raise ValueError(
            f"{what}: gave shape {estimate.shape}, finite: {bool(np.isfinite(estimate).all())}; "
            f"expected {noisy.shape}, finite"
        )
