"""Evaluate models on clips: compute the missing scores on workers, and average."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .clip import Source
from .known import Known
from .metrics import METRICS
from .score import NOISY, Digested, OpenModel, Scorer, System, enhancer
from .score_table import ScoreTable
from .summary import summarise
from .workers import Workers, local


def evaluate(
    clips: Sequence[Source],
    models: Mapping[str, Digested],
    *,
    backend: str = "emu",
    metrics: Sequence[str] = tuple(METRICS),
    origins: Mapping[str, str] | None = None,
    workers: Workers | None = None,
    known: Known | None = None,
    command: str = "",
    on_scores: Callable[[int], object] = lambda count: None,
    open_model: OpenModel = enhancer,
) -> dict[str, Any]:
    """Score the noisy input and each model's output on every clip, and average the scores.

    Parameters
    ----------
    clips : sequence of Source
        From `mixtures` or `read_pairs`.
    models : mapping of str to FloatModel or QuantizedModel
        By label, as used in the results.
    metrics : sequence of {"stoi", "si_sdr", "pesq"}
    origins : mapping of str to str, optional
        The model that each was quantized from, both by label: losses are relative to it.
    workers : Workers, optional
        `local` or `cluster`; by default this process. The result does not depend on it.
    known : Known, optional
        Cache of scores; newly computed scores are added as they arrive.
    on_scores : callable
        Called with the number of clips just completed for a model or for the noisy input.
    open_model : callable
        Opens a model on a backend, to enhance signals at 8 kHz; importable by name.

    Returns
    -------
    dict
        As returned by `summarise`.

    Raises
    ------
    ValueError, FileNotFoundError
        A parameter is out of range, a model cannot be used, or every clip was refused.
    """
    _check(clips, metrics)
    scorer = Scorer(clips, {model.digest: model for model in models.values()}, open_model)
    systems = {NOISY: System()} | {label: System(m.digest) for label, m in models.items()}
    with (workers or local(1))(scorer) as work:
        table = ScoreTable(clips, metrics, backend, known)
        found = table.fill(work, systems, on_scores)
    return summarise(found, origins=origins, command=command)


def labels(models: Sequence[str | Path]) -> dict[str, str]:
    """Return short labels of models.

    A file's label is its name without ".npz", or its path if that name is not unique.

    Returns
    -------
    dict
        From label to model.

    Raises
    ------
    ValueError
        A model is given twice, or has the label of the noisy input.
    """
    listed = [str(model) for model in models]
    short = [Path(model).name[:-4] if model.endswith(".npz") else model for model in listed]
    count = Counter(short)
    named = {s if count[s] == 1 else model: model for s, model in zip(short, listed, strict=True)}
    if len(named) < len(listed) or NOISY in named:
        raise ValueError(f"models are {listed}; expected each once and none called '{NOISY}'")
    return named


def _check(clips: Sequence[Source], metrics: Sequence[str]) -> None:
    if not clips:
        raise ValueError("there are no clips; expected at least one")
    if not metrics or not set(metrics) <= set(METRICS):
        raise ValueError(f"metrics are {list(metrics)}; expected some of {', '.join(METRICS)}")
