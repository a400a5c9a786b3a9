"""Output of the tasks: a printed table, CSV, JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ...evaluate.bootstrap import Interval
from ...evaluate.table import WIDTH
from ...files.folder import filling
from ...hardware.boards import Board
from ...hardware.resources import report as resources
from ..reproduce.product import Row, as_csv, rounded
from .run import FLOAT, Result
from .task import TEST

JSON, ROWS, SEEDS, INDEX = "tasks.json", "tasks.csv", "seeds.csv", "README.md"
SCALINGS = {
    "none": "data as they are",
    "before": "standardized data",
    "folded": "data as they are, scaler folded into the first layer",
}
HEADINGS = ("score", "lost", "codes", "stream", "clocks", "rows/s", "one row")
CAPTION = """\
score: on the test rows, mean over {seeds} seeds of split and training, ± half its 95% interval.
lost: what quantization costs against the float network, paired by seed, [ ] its 95% interval.
u, rs-vbs and kmeans know the weights alone; auto was calibrated on the training rows.
codes, stream: bytes of the weights, and of all that a block reads (tables, biases, padding).
clocks, rows/s: of a full block; one row: latency in us. Modelled for {board} at {clock:g} MHz."""


def caption(seeds: int, board: Board) -> str:
    """Return what the columns mean."""
    return CAPTION.format(seeds=seeds, board=board.name, clock=board.clock_mhz)


def show(found: Sequence[Result], board: Board, console: Console | None = None) -> None:
    """Print the results; plain text if the output is not a terminal."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH, no_color=True)
    tables = [_table(title, rows) for title, rows in _sections(found)]
    console.print(Group(*tables, Text(caption(len(found[0].scores), board))))


def _table(title: str, rows: Sequence[Result]) -> Table:
    table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, padding=0)
    table.add_column("", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for result in rows:
        table.add_row(label(result), *_cells(result))
    return table


def write(found: Sequence[Result], folder: Path, board: Board, about: Mapping[str, Any]) -> None:
    """Write tasks.csv, seeds.csv, tasks.json and README.md; if an error occurs, none is written.

    Parameters
    ----------
    found : sequence of Result
    folder : path
        Created if it does not exist.
    board : Board
        The board that clocks were modelled for.
    about : mapping
        Further entries of the JSON: the command.
    """
    rows = [_flat(result) for result in found]
    seeds = [row for result in found for row in _by_seed(result)]
    data = {**about, "board": board.name, "clock_mhz": board.clock_mhz, "rows": rows}
    text = json.dumps({**data, "seeds": seeds}, indent=1, allow_nan=False)
    with filling(folder, JSON) as temporary:
        (temporary / ROWS).write_text(as_csv(rows), encoding="utf-8")
        (temporary / SEEDS).write_text(as_csv(seeds), encoding="utf-8")
        (temporary / JSON).write_text(text + "\n", encoding="utf-8")
        (temporary / INDEX).write_text(_markdown(found, board, about), encoding="utf-8")


def label(result: Result) -> str:
    """Return a setting in words: "float" or, for example, "4-bit auto"."""
    scheme, bits, _ = result.setting
    return FLOAT if scheme == FLOAT else f"{bits}-bit {scheme}"


def _sections(found: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    for name, group in groupby(found, lambda result: result.name):
        rows = list(group)
        task = rows[0].task
        yield f"{name}, {rows[0].network}, {task.metric}: {SCALINGS[task.scaling]}", rows


def _cells(result: Result) -> list[str]:
    cost, decimals = result.cost, 3 if result.task.regression else 2
    half = (result.score.high - result.score.low) / 2
    score = f"{result.score.mean:.{decimals}f} ±{half:.{decimals}f}"
    lost = "" if result.setting.scheme == FLOAT else _between(result.lost, decimals)
    clocks = [_number(n) for n in (cost.stream, cost.block_clocks, cost.rows_per_second)]
    latency = "" if cost.latency_us is None else f"{cost.latency_us:.1f}"
    return [score, lost, f"{cost.codes:,}", *clocks, latency]


def _between(figure: Interval, decimals: int) -> str:
    # Adding zero turns a rounded -0.00 into 0.00.
    mean, low, high = (f"{round(value, decimals) + 0:.{decimals}f}" for value in figure)
    return f"{mean} [{low}, {high}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _flat(result: Result) -> Row:
    scheme, bits, _ = result.setting
    row: Row = {"task": result.name, "network": result.network, "metric": result.task.metric}
    row |= {"scaling": result.task.scaling, "scheme": scheme, "bits": bits}
    for name, figure in (("score", result.score), ("lost", result.lost)):
        row |= {name: figure.mean, f"{name}_low": figure.low, f"{name}_high": figure.high}
    return rounded(row | asdict(result.cost))


def _by_seed(result: Result) -> Iterator[Row]:
    scheme, bits, _ = result.setting
    for seed, score in enumerate(result.scores):
        row: Row = {"task": result.name, "scheme": scheme, "bits": bits, "seed": seed}
        yield rounded(row | {"score": score})


def _markdown(found: Sequence[Result], board: Board, about: Mapping[str, Any]) -> str:
    parts = ["# Networks on well-known data", f"    {about['command']}"]
    parts.append(f"A split per seed: {TEST:.0%} of the rows are the test rows.")
    rule = ["---", *["--:"] * len(HEADINGS)]
    for title, rows in _sections(found):
        lines = [["", *HEADINGS], rule, *([label(row), *_cells(row)] for row in rows)]
        parts += [f"## {title}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    parts.append(
        "\n".join(f"* {line}" for line in caption(len(found[0].scores), board).split("\n"))
    )
    indented = "\n".join(f"    {line}" for line in resources(board).split("\n"))
    return "\n\n".join([*parts, "The same hardware runs them all:", indented]) + "\n"
