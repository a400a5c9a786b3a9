"""Evaluate models on clips, in parallel over processes."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ..warn import warn_in_one_line
from .clip import Source
from .metrics import METRICS
from .score import NOISY, Job, OpenModel, Scored, enhancer, score
from .summary import summarise


def evaluate(
    clips: Sequence[Source],
    models: Sequence[str | Path] = (),
    *,
    backend: str = "emu",
    metrics: Sequence[str] = tuple(METRICS),
    origins: Mapping[str, str] | None = None,
    jobs: int = 1,
    command: str = "",
    on_clip: Callable[[], object] = lambda: None,
    open_model: OpenModel = enhancer,
) -> dict[str, Any]:
    """Score the noisy input and each model's output on every clip, and average.

    Parameters
    ----------
    clips : sequence of Source
        From `mixtures` or `read_pairs`.
    models : sequence of str or path
        Bundled names or model files; results carry the name, or the file's without ".npz".
    metrics : sequence of {"stoi", "si_sdr", "pesq"}
    origins : mapping of str to str, optional
        Which model each was quantized from, both by label: what is lost is counted from it.
    jobs : int
        Processes of one thread each; the result does not depend on it. From a script, call this
        under ``if __name__ == "__main__":``, for the processes import the script.
    on_clip : callable
        Called after each clip.
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
    _check(clips, metrics, jobs)
    named = labels(models)
    work = partial(score, job=Job(named, backend, tuple(metrics), open_model))
    scored = []
    for clip in _map(work, clips, min(jobs, len(clips))):
        scored.append(clip)
        on_clip()
    return summarise(scored, origins=origins, command=command)


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


def _check(clips: Sequence[Source], metrics: Sequence[str], jobs: int) -> None:
    if not clips:
        raise ValueError("there are no clips; expected at least one")
    if not metrics or not set(metrics) <= set(METRICS):
        raise ValueError(f"metrics are {list(metrics)}; expected some of {', '.join(METRICS)}")
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; expected 1 process or more")


def _map(work: Callable[[Source], Scored], clips: Sequence[Source], jobs: int) -> Iterator[Scored]:
    if jobs == 1:
        with threadpool_limits(1):
            yield from map(work, clips)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _settle) as pool:
        yield from pool.map(work, clips)


def _settle() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    warn_in_one_line()
    threadpool_limits(1)
