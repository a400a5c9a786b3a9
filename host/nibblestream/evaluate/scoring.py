"""Evaluate models on clips: only what is not known yet, on as many workers as there are."""

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
    """Score the noisy input and each model's output on every clip, and average.

    Parameters
    ----------
    clips : sequence of Source
        From `mixtures` or `read_pairs`.
    models : mapping of str to FloatModel or QuantizedModel
        By the label that the results carry.
    metrics : sequence of {"stoi", "si_sdr", "pesq"}
    origins : mapping of str to str, optional
        Which model each was quantized from, both by label: what is lost is counted from it.
    workers : Workers, optional
        `local` or `cluster`; this process if not given. The result does not depend on it.
    known : Known, optional
        Scores that need not be computed, to which those that are get added as they come.
    on_scores : callable
        Called with the number of clips that a model was just scored on, `noisy` included.
    open_model : callable
        Turns a model and a backend into what enhances a signal at 8 kHz; importable by name.

    Returns
    -------
    dict
        As `summarise` describes it.

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
    """Name the models shortly.

    A file goes by its own name without ".npz", or by its path if another has the same.

    Returns
    -------
    dict
        From label to model.

    Raises
    ------
    ValueError
        A model is given twice, or is called as the noisy input is.
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
