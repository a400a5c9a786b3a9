"""The Markdown tables on networks by themselves: tasks, and published topologies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from results_tables import about, between, number, table

# Columns of the table of tasks: scheme and bits.
SHOWN = (("u", 8), ("rs-vbs", 4), ("auto", 4), ("rs-vbs", 3), ("auto", 3), ("auto", 2))
SCALINGS = {"none": "as they are", "before": "standardized", "folded": "as they are, scaler folded"}

Json = dict[str, Any]


# --- tables --------------------------------------------------------------------------------------
def tasks(found: Json) -> Iterator[tuple[str, str]]:
    """Yield the tables of the tasks and the figures in their text."""
    yield "task_seeds", str(found["seeds"])
    groups = [list(rows) for _, rows in groupby(found["rows"], lambda row: str(row["task"]))]
    yield "tasks", _scores(groups)
    yield "tasks_cost", _costs(groups)
    for row in found["rows"]:
        if (row["task"], row["scheme"]) == ("digits", "auto"):
            yield f"digits_{row['bits']}", between(row["lost"], 2)


def _scores(groups: list[list[Json]]) -> str:
    rows = []
    for group in groups:
        of = {(row["scheme"], row["bits"]): row for row in group}
        first, decimals = group[0], 3 if group[0]["metric"] == "R2" else 2
        cells = [first["task"], first["network"], SCALINGS[first["scaling"]], first["metric"]]
        cells.append(about(first["score"], decimals))
        rows.append([*cells, *(between(of[setting]["lost"], decimals) for setting in SHOWN)])
    titles = (f"{bits}-bit {scheme}" for scheme, bits in SHOWN)
    return table(("task", "network", "data", "score", "float", *titles), rows, left=4)


def _costs(groups: list[list[Json]]) -> str:
    rows = []
    for group in groups:
        of = {(row["scheme"], row["bits"]): row for row in group}
        four, two = of["auto", 4], of["auto", 2]
        codes = (of["float", 32], of["u", 8], four, of["auto", 3], two)
        cells = [group[0]["network"], *(number(row["codes"]) for row in codes)]
        cells += [number(four[key]) for key in ("stream", "block_clocks", "rows_per_second")]
        rows.append([*cells, number(four["latency_us"], 1)])
    rows = [row for i, row in enumerate(rows) if row not in rows[:i]]
    bytes_ = ("float, bytes", "8-bit", "4-bit", "3-bit", "2-bit")
    block = ("4-bit: stream, bytes", "clocks per block", "rows/s", "one row, µs")
    return table(("network", *bytes_, *block), rows)


def beside(ours: Json, published: Json) -> Iterator[tuple[str, str]]:
    """Yield the table of published topologies and its notes."""
    rows, notes = [], []
    for row, topology in zip(ours["rows"], published["topologies"], strict=True):
        network = f"{topology['network']} ({topology['of']})"
        rows.append([network, *_ours(row, ours)])
        for design_ in topology["designs"]:
            notes.append(f"[{len(notes) + 1}] {design_['design']}: {_source(design_)}")
            rows.append(["", *_theirs(design_, len(notes))])
        if not topology["designs"]:
            rows.append(["", "no published figures found", *[""] * 8])
    resources = ("DSP", "BRAM18", "LUT", "FF")
    titles = ("network", "design", "device", "MHz", *resources, "rows/s", "one row, µs")
    yield "published", table(titles, rows, left=3)
    yield "published_sources", "\n".join(f"* {note}" for note in notes)
    jet = next(row for row in ours["rows"] if row["network"].startswith("16-"))
    yield "jet_latency", number(jet["latency_us"])


def _ours(row: Json, of: Json) -> list[str]:
    counts = (of["resources"][key] for key in ("dsps", "bram18", "luts", "flipflops"))
    cells = [f"Nibblestream, {of['bits']} bits (model)", of["board"], f"{of['clock_mhz']:g}"]
    speed = [number(row["rows_per_second"]), number(row["latency_us"], 2)]
    return [*cells, *map(number, counts), *speed]


def _theirs(row: Json, note: int) -> list[str]:
    cells = [f"{row['design']} [{note}]", row["device"] or "", f"{row['clock_mhz']:g}"]
    cells += [number(row[key]) for key in ("dsp", "bram18", "lut", "ff", "rows_per_second")]
    return [*cells, number(row["latency_us"], 3 if row["latency_us"] < 0.1 else 2)]


def _source(row: Json) -> str:
    return f"{row['how']}. {row['source']} ([link]({row['url']}))."
