"""Scoring of clips: the noisy input or a model's output, with every metric."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from .. import spec
from .clip import Clip, Float, Source
from .metrics import METRICS, UndefinedScoreError, UnusableReferenceError
from .peers.peer import Peer

NOISY = "noisy"  # label of the unprocessed input, listed like a model
AT_HAND = 64  # clips, and models, kept in memory by each process

Enhance = Callable[[Float], Float]
Score = float | str  # a number, or the reason why there is none
Scores = dict[str, Score]  # by metric


class Digested(Protocol):
    """A model as scoring needs it; `FloatModel`, `QuantizedModel` and `Peer` conform."""

    @property
    def digest(self) -> str:
        """Digest that identifies the model."""


# (model, backend) -> context manager of a function that enhances a signal at 8 kHz.
OpenModel = Callable[[Any, str], AbstractContextManager[Enhance]]


@dataclass(frozen=True)
class System:
    """A system to score: a model of the `Scorer`, quantized first if there are settings.

    Parameters
    ----------
    model : str
        The model's digest; empty for the unprocessed noisy input.
    settings : str
        The arguments of `quantize` as JSON; empty to use the model as it is.
    """

    model: str = ""
    settings: str = ""


@dataclass(frozen=True)
class Task:
    """A scoring task: one system, a list of clips (rows of the `Scorer`'s sources)."""

    system: System
    label: str
    rows: tuple[int, ...]
    metrics: tuple[str, ...]
    backend: str = "emu"


@dataclass(frozen=True)
class Scored:
    """The scores of one clip by model and metric, or the reason why it was refused."""

    name: str
    groups: tuple[str, ...]
    scores: dict[str, Scores] = field(default_factory=dict)
    refused: str = ""


@contextmanager
def enhancer(model: Any, backend: str) -> Iterator[Enhance]:
    """Open a model or a peer, and yield a function that enhances a signal at 8 kHz."""
    from .. import Enhancer

    if isinstance(model, Peer):
        yield model.open()
        return
    with Enhancer(model, backend) as opened:
        yield lambda noisy: opened.enhance(noisy, spec.SAMPLE_RATE)


class Scorer:
    """Scores the clips of a task; holds all clips and models, so that it can do any task.

    Parameters
    ----------
    sources : sequence of Source
    models : mapping of str to model
        By digest.
    open_model : callable
        Importable by name, so that it can be pickled for other processes.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        models: Mapping[str, Digested],
        open_model: OpenModel = enhancer,
    ) -> None:
        self.sources = tuple(sources)
        self.models = dict(models)
        self.open_model = open_model
        self._begin()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, without caches and the lock."""
        return {key: getattr(self, key) for key in ("sources", "models", "open_model")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def _begin(self) -> None:
        self._clip = lru_cache(AT_HAND)(lambda row: self.sources[row].realise())
        self._model = lru_cache(AT_HAND)(self._find)
        self._lock = threading.Lock()  # a board serves one task at a time

    def __call__(self, task: Task) -> list[Scores | str]:
        """Return, for each clip of the task, its scores or the reason why it is refused.

        A clip is refused if it cannot be read, or if its clean signal is unusable as a reference;
        errors of a model are raised. Runs on one thread, as the split of sums among several
        threads would change their rounding.
        """
        with self._lock, threadpool_limits(1), self._open(task) as enhance:
            return [self._score(row, task, enhance) for row in task.rows]

    def _open(self, task: Task) -> AbstractContextManager[Enhance]:
        if not task.system.model:
            return nullcontext(lambda noisy: noisy)
        return self.open_model(self._model(task.system), task.backend)

    def _find(self, system: System) -> Any:
        model = self.models[system.model]
        if not system.settings:
            return model
        from ..quantize import quantize

        return quantize(model, **json.loads(system.settings))  # type: ignore[arg-type]

    def _score(self, row: int, task: Task, enhance: Enhance) -> Scores | str:
        try:
            clip: Clip = self._clip(row)
        except (ValueError, OSError) as error:
            return str(error)
        estimate = enhance(clip.noisy)
        _check(estimate, clip.noisy, f"model '{task.label}' on {self.sources[row].name}")
        try:
            return {metric: _measure(metric, clip.clean, estimate) for metric in task.metrics}
        except UnusableReferenceError as error:
            return str(error)


def _measure(metric: str, clean: Float, estimate: Float) -> Score:
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
