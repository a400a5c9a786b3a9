"""Comparison of a sweep's results with the paper's fixed settings, on held-out clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ...evaluate.bootstrap import Interval
from ...evaluate.score import NOISY, Scored, System
from ...evaluate.score_table import ScoreTable
from ...evaluate.summary import ALL, summarise
from ...evaluate.workers import Work
from ...network.float_model import FloatModel
from .settle import settle
from .space import Settings, paper_settings, text
from .trial import Trial

PAPER_BITS, PAPER_K = (4, 4), (3, 2)  # section 4 of the paper
FOUND, FIXED = "found", "fixed"  # by the sweep, by the paper


@dataclass(frozen=True)
class Row:
    """A system scored on the test clips.

    Parameters
    ----------
    label : str
    kind : {"noisy", "float", "fixed", "found"}
    settings : dict
        Arguments of `quantize`; empty for the first two kinds.
    bytes : int
        Bytes of codes; 0 for the first two kinds.
    beside : str
        Label of the row with the paper's settings for the same bits in each layer.
    validation : float, optional
        Mean STOI on the validation clips.
    figures : dict
        Mean and interval by name: "stoi", "loss" from the float model (also "loss_percent"),
        "gain" over `beside`.
    """

    label: str
    kind: str
    settings: Settings = field(default_factory=dict)
    bytes: int = 0
    beside: str = ""
    validation: float | None = None
    figures: dict[str, Interval] = field(default_factory=dict)


def rows(model: FloatModel, found: Sequence[Trial]) -> list[Row]:
    """Return the rows to compare, without figures: each result after its fixed counterpart."""
    listed = [Row(NOISY, NOISY), Row(model.name, "float")]
    for trial in found:
        bits = trial.settings["bits"]
        listed += _fixed(model, bits)
        label = f"{FOUND} {_written(bits)}"
        beside = f"{FIXED} {_written(bits)}"
        listed.append(Row(label, FOUND, trial.settings, trial.bytes, beside, trial.stoi))
    return listed


def compare(
    model: FloatModel,
    listed: Sequence[Row],
    table: ScoreTable,
    work: Work,
    on_scores: Callable[[int], object],
) -> tuple[list[Row], dict[str, Any]]:
    """Score the rows on the table's clips.

    Returns
    -------
    list of Row
        With figures.
    dict
        The refused clips: their count, and name and reason of each.
    """
    systems = {row.label: _system(row, model) for row in listed}
    scored = table.fill(work, systems, on_scores)
    losses = {row.label: model.name for row in listed if row.settings}
    lost, gains = (
        _figures(scored, origins)
        for origins in (losses, {row.label: row.beside for row in listed if row.beside})
    )
    refused = summarise(scored)["refused"]
    return [_with_figures(row, lost[row.label], gains[row.label]) for row in listed], refused


def _fixed(model: FloatModel, bits: Sequence[int]) -> Iterable[Row]:
    """Yield the paper's settings with k searched, and with the paper's k where it gives one."""
    settled = settle(model, paper_settings(bits))
    yield Row(f"{FIXED} {_written(bits)}", FIXED, settled.settings, settled.bytes)
    if tuple(bits) == PAPER_BITS:
        with suppress(ValueError):  # the accumulator of another network could overflow
            settled = settle(model, paper_settings(bits, PAPER_K))
            label = f"{FIXED} {_written(bits)}, k {_written(PAPER_K)}"
            yield Row(label, FIXED, settled.settings, settled.bytes)


def _written(values: Iterable[Any]) -> str:
    return ",".join(map(str, values))


def _system(row: Row, model: FloatModel) -> System:
    if row.kind == NOISY:
        return System()
    return System(model.digest, text(row.settings) if row.settings else "")


def _figures(scored: Sequence[Scored], origins: dict[str, str]) -> dict[str, Any]:
    models = summarise(scored, origins=origins)["models"]
    return {label: model["groups"][ALL] for label, model in models.items()}


def _with_figures(row: Row, lost: dict[str, Any], gains: dict[str, Any]) -> Row:
    figures = {"stoi": Interval(**lost["stoi"])}
    if row.settings:
        figures["loss"] = Interval(**lost["loss_stoi"])
        figures["loss_percent"] = Interval(**lost["loss_stoi_percent"])
    if row.beside:
        worse = Interval(**gains["loss_stoi"])
        figures["gain"] = Interval(*(0.0 - end for end in (worse.mean, worse.high, worse.low)))
    return Row(**{**row.__dict__, "figures": figures})
