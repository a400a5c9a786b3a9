"""Means and intervals of clips' scores, by model, group and metric."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .bootstrap import interval
from .clip import Float
from .score import NOISY, Scored

ALL = "all"


class Ratio(NamedTuple):
    """A figure as a ratio of means; both have shape (clips,), NaN where a score is missing."""

    numerator: Float
    denominator: Float


def summarise(
    scored: Sequence[Scored], *, origins: Mapping[str, str] | None = None, command: str = ""
) -> dict[str, Any]:
    """Average the scores of clips by model and group.

    Parameters
    ----------
    scored : sequence of Scored
        In the order of the clips.
    origins : mapping of str to str, optional
        The model that each was quantized from, by label; losses are as in Table 3 of the paper.
    command : str
        The command line, recorded in the result.

    Returns
    -------
    dict
        Ready for JSON: {"models": {NAME: {"groups": {GROUP: {"n": ..., METRIC: {"mean", "low",
        "high"}}}}}, "command", "digest", "refused": {"count", "clips"}, "missing": {NAME: {METRIC:
        {REASON: count}}}}. METRIC is stoi, si_sdr, pesq; d_stoi, ... (gain over the noisy input);
        and if the origin is known, loss_stoi, ... and loss_stoi_percent (loss relative to the
        origin: positive is worse). A metric without scores in a group is left out.

    Raises
    ------
    ValueError
        Every clip was refused.
    """
    kept = [clip for clip in scored if not clip.refused]
    refused = [{"clip": clip.name, "reason": clip.refused} for clip in scored if clip.refused]
    if not kept:
        raise ValueError(f"all {len(refused)} clips were refused; the first: {_words(refused)}")
    members = _members(kept)
    names = np.array([clip.name for clip in kept])
    models: dict[str, Any] = {label: {"groups": {}} for label in kept[0].scores}
    for label, model in models.items():
        figures = _figures(kept, label, (origins or {}).get(label))
        for group, rows in members.items():
            model["groups"][group] = {"n": len(rows), **_averages(figures, rows, names)}
    return {
        "models": models,
        "command": command,
        "digest": digest(scored),
        "refused": {"count": len(refused), "clips": refused},
        "missing": {label: _missing(kept, label) for label in models},
    }


def digest(scored: Sequence[Scored]) -> str:
    """Return the SHA-256 of clips and scores (to 6 decimals), in order, without paths."""
    rows = [[clip.name, clip.groups, _rounded(clip), clip.refused != ""] for clip in scored]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _rounded(clip: Scored) -> dict[str, list[Any]]:
    return {
        label: [[m, round(s, 6) if isinstance(s, float) else s] for m, s in scores.items()]
        for label, scores in clip.scores.items()
    }


def _words(refused: list[dict[str, str]]) -> str:
    return f"{refused[0]['clip']}: {refused[0]['reason']}"


def _members(kept: Sequence[Scored]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {ALL: list(range(len(kept)))}
    for group in sorted({group for clip in kept for group in clip.groups} - {ALL}):
        rows[group] = [row for row, clip in enumerate(kept) if group in clip.groups]
    return rows


def _column(kept: Sequence[Scored], label: str, metric: str) -> Float:
    cells = (clip.scores[label][metric] for clip in kept)
    return np.array([np.nan if isinstance(cell, str) else cell for cell in cells])


def _figures(kept: Sequence[Scored], label: str, origin: str | None) -> dict[str, Ratio]:
    figures = {}
    for metric in kept[0].scores[label]:
        values, ones = _column(kept, label, metric), np.ones(len(kept))
        figures[metric] = Ratio(values, ones)
        if label != NOISY:
            figures[f"d_{metric}"] = Ratio(values - _column(kept, NOISY, metric), ones)
        if origin is not None:
            best = _column(kept, origin, metric)
            figures[f"loss_{metric}"] = Ratio(best - values, ones)
            if metric == "stoi":
                figures["loss_stoi_percent"] = Ratio(100 * (best - values), best)
    return figures


def _averages(figures: dict[str, Ratio], rows: list[int], names: Any) -> dict[str, Any]:
    averages = {}
    for metric, (numerator, denominator) in figures.items():
        there = [row for row in rows if np.isfinite(numerator[row])]
        if there:
            mean = interval(numerator[there], denominator[there], names[there])
            averages[metric] = mean._asdict()
    return averages


def _missing(kept: Sequence[Scored], label: str) -> dict[str, dict[str, int]]:
    counts = {
        metric: Counter(s for clip in kept if isinstance(s := clip.scores[label][metric], str))
        for metric in kept[0].scores[label]
    }
    return {metric: dict(sorted(count.items())) for metric, count in counts.items() if count}
