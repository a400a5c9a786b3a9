"""Evaluation results as a table for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from .score import NOISY
from .summary import ALL

WIDTH = 100
ENOUGH = 10  # clips; smaller groups are too uncertain to rank
COLUMNS = {  # metric: title, decimals
    "stoi": ("STOI", 3),
    "d_stoi": ("gain", 3),
    "loss_stoi": ("loss", 3),
    "si_sdr": ("SI-SDR", 1),
    "d_si_sdr": ("gain", 1),
    "pesq": ("PESQ", 2),
    "d_pesq": ("gain", 2),
}
COSTS = ("bytes of weights", "million multiplications/s", "latency, ms")

Figures = dict[str, Any]  # of one model in one group: n, and mean, low, high by metric


def show(results: dict[str, Any], console: Console | None = None) -> None:
    """Print results; a pipe or a file gets plain text.

    Parameters
    ----------
    results : dict
        From `evaluate`, and with "costs" from `run.costs`.
    """
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH, no_color=True)
    console.print(render(results))


def render(results: dict[str, Any]) -> Group:
    """Return a table of all clips and of each group except noise types, costs and notes below."""
    models = results["models"]
    metrics = _metrics(models)
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("model", overflow="fold")
    for title in (COLUMNS[metric][0] for metric in metrics):
        table.add_column(title, justify="right", no_wrap=True)
    for group in _shown(models[NOISY]["groups"]):
        figures = {label: model["groups"][group] for label, model in models.items()}
        table.add_row(Text(group, "bold"), Text(f"n={figures[NOISY]['n']}", "bold"))
        for label, figure in figures.items():
            table.add_row(Text(label), *(_cell(figure, metric) for metric in metrics))
        table.add_section()
    return Group(table, *_costs(results["costs"]), *(Text(line) for line in _notes(results)))


def _metrics(models: dict[str, Any]) -> list[str]:
    present = {metric for model in models.values() for metric in model["groups"][ALL]}
    return [metric for metric in COLUMNS if metric in present]


def _shown(groups: dict[str, Any]) -> list[str]:
    whole = groups[ALL]["n"]
    return [g for g in groups if g == ALL or ("noise=" not in g and groups[g]["n"] < whole)]


def _cell(figure: Figures, metric: str) -> str:
    if metric not in figure:
        return ""
    decimals = COLUMNS[metric][1]
    if metric == "loss_stoi":  # in the form of Table 3 of the paper
        percent = figure["loss_stoi_percent"]["mean"]
        return f"{-figure[metric]['mean']:+.{decimals}f}{_margin(figure, metric)} ({percent:.1f}%)"
    if metric.startswith("d_"):
        return f"{figure[metric]['mean']:+.{decimals}f}{_margin(figure, metric)}"
    return f"{figure[metric]['mean']:.{decimals}f}"


def _costs(costs: Mapping[str, Mapping[str, Any]]) -> list[Table]:
    """Return a table of what each system costs, if there are systems."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("model", overflow="fold")
    for title in COSTS:
        table.add_column(title, justify="right")
    for label, cost in costs.items():
        macs, latency = cost["macs_per_second"], cost["latency"]
        millions = "" if macs is None else f"{macs / 1e6:.0f}"
        wait = "whole file" if latency is None else f"{1e3 * latency:g}"
        table.add_row(Text(label), f"{cost['weight_bytes']:,}", millions, wait)
    return [table] if costs else []


def _margin(figure: Figures, metric: str) -> str:
    if figure["n"] == 1:
        return ""
    half = (figure[metric]["high"] - figure[metric]["low"]) / 2
    return " ±" + f"{half:.{COLUMNS[metric][1]}f}".removeprefix("0")


def _notes(results: dict[str, Any]) -> list[str]:
    notes = [
        "gain: over the noisy input, clip by clip; ± half the width of its 95% bootstrap interval",
        *_worst(results["models"]),
    ]
    for label, metrics in results["missing"].items():
        for metric, reasons in metrics.items():
            notes += [f"{label}: {n} clips without {metric}: {why}" for why, n in reasons.items()]
    refused = results["refused"]
    notes += [f"refused {clip['clip']}: {clip['reason']}" for clip in refused["clips"][:5]]
    if refused["count"] > 5:
        notes.append(f"... and {refused['count'] - 5} more; {refused['count']} refused in all")
    return notes


def _worst(models: dict[str, Any]) -> list[str]:
    """Return lines with each model's lowest gain among the groups that are large enough."""
    lines = [f"least gain of STOI in a group of {ENOUGH} clips or more:"]
    for label, model in models.items():
        gains = {
            group: figure["d_stoi"]
            for group, figure in model["groups"].items()
            if figure["n"] >= ENOUGH and "d_stoi" in figure
        }
        if len(gains) > 1:
            (mean, low, high), group = min((tuple(g.values()), group) for group, g in gains.items())
            lines.append(f"  {label} {mean:+.3f} [{low:+.3f}, {high:+.3f}] {group}")
    return lines if len(lines) > 1 else []
