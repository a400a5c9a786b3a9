"""Benchmark results as text of 100 columns and as JSON."""

from __future__ import annotations

import json
import os
import platform
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ...files.atomic import replacing
from .figures import (
    COUNTED,
    DDR,
    DMA,
    HOP_P50,
    HOP_P99,
    KERNEL,
    MEASURED,
    MODELLED,
    P50,
    P99,
    PER_ROW,
    PYTHON,
    RATE,
    REAL_TIME,
    SPECTRA,
    WEIGHTS,
    Row,
)
from .run import NUMPY, Results
from .savings import savings

Columns = Mapping[str, tuple[str, int, str, float]]

WIDTH = 100
LEFT = 14  # characters for weights and block
HEADINGS = (  # over groups of columns: title, width
    ("frames", 10),
    ("times", 11),
    ("ms a block", 17),
    ("bytes a frame", 20),
    ("DDR", 7),
    ("% of the time in", 21),
)
COLUMNS: Columns = {  # figure: title, width, format, factor
    RATE: ("a second", 10, ",.0f", 1),
    REAL_TIME: ("real time", 11, ",.1f", 1),
    P50: ("p50", 9, ",.3f", 1),
    P99: ("p99", 8, ",.3f", 1),
    WEIGHTS: ("weights", 11, ",.0f", 1),
    SPECTRA: ("spectra", 9, ",.0f", 1),
    DDR: ("MB/s", 7, ",.1f", 1),
    PYTHON: ("Python", 8, ".1f", 100),
    DMA: ("DMA", 6, ".1f", 100),
    KERNEL: ("kernel", 7, ".1f", 100),
}
HEADINGS_OF_ROWS = (("rows", 10), ("us", 11), *HEADINGS[2:3], ("bytes a row", 20), *HEADINGS[4:])
COLUMNS_OF_ROWS: Columns = {
    RATE: COLUMNS[RATE],
    PER_ROW: ("a row", 11, ",.2f", 1),
    **{name: column for name, column in COLUMNS.items() if name not in (RATE, REAL_TIME)},
    SPECTRA: ("in, out", *COLUMNS[SPECTRA][1:]),
}


def machine() -> str:
    """Describe the host (CPU, architecture, number of CPUs, Python, NumPy)."""
    return (
        f"{_cpu()}{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"NumPy {np.__version__}"
    )


def _cpu() -> str:
    """Return the CPU's name and a comma; empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return "".join(f"{name}, " for name in [*names][:1])


def text(results: Results) -> str:
    """Return the table, its notes, the savings and the reconciled traffic ledgers."""
    rows = results.rows
    tables = [_table([row for row in rows if row.rows.raw == raw]) for raw in (False, True)]
    parts = [*tables, _hops(rows), _wrapped(_notes(results)), _wrapped(savings(rows))]
    for title, traffic in results.ledgers:
        parts.append(f"{title}: all of its blocks\n{traffic}")
    return "\n\n".join(part for part in parts if part)


def as_json(results: Results, command: str) -> dict[str, Any]:
    """Return the results as they are written to the JSON file."""
    return {
        "rows": [row.as_json() for row in results.rows],
        "savings": savings(results.rows),
        "machine": machine(),
        "virtual": results.parameters,
        "command": command,
    }


def write(results: Results, command: str, path: str | Path) -> None:
    """Write the results as JSON, atomically."""
    with replacing(path) as temporary:
        found = json.dumps(as_json(results, command), indent=1, allow_nan=False)
        temporary.write_text(f"{found}\n")


def _wrapped(lines: Iterable[str]) -> str:
    wrap = textwrap.TextWrapper(WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(wrap.fill(line) for line in lines)


def _table(rows: Sequence[Row]) -> str:
    """Return the table of rows that are all of speech, or all of plain networks."""
    if not rows:
        return ""
    headings, columns = HEADINGS, COLUMNS
    if rows[0].rows.raw:
        headings, columns = HEADINGS_OF_ROWS, COLUMNS_OF_ROWS
    lines = [
        " " * LEFT + "".join(f"{title:>{width}}" for title, width in headings),
        f"{'weights':<9}block"
        + "".join(f"{title:>{width}}" for title, width, *_ in columns.values()),
    ]
    for (model, backend), group in groupby(rows, lambda row: (row.model, row.backend)):
        found = list(group)
        lines.append(f"{model} on {_place(backend)}: {_kinds(found[0])}")
        lines += [_line(row, columns) for row in found]
    return "\n".join(line.rstrip() for line in lines)


def _hops(rows: Sequence[Row]) -> str:
    """Return the latency of one live hop, a line for each row that has it."""
    lines = [
        f"  {f'{row.model} on {row.backend}, {row.widths} bits':<40}"
        f"{row.figures[HOP_P50].value:>9.3f}{row.figures[HOP_P99].value:>9.3f}"
        for row in rows
        if HOP_P50 in row.figures
    ]
    title = f"{'live, 64 samples (8 ms), STFT and all: ms':<42}{'p50':>9}{'p99':>9}"
    return "\n".join([title, *lines]) if lines else ""


def _place(backend: str) -> str:
    return "NumPy float32 on this CPU" if backend == NUMPY else backend


def _kinds(row: Row) -> str:
    kinds = f"times {row.figures[RATE].kind}, bytes {row.figures[WEIGHTS].kind}"
    rest = {row.figures[name].kind for name in (DDR, PYTHON) if name in row.figures}
    return f"{kinds}, MB/s and shares {' '.join(rest)}" if rest else kinds


def _line(row: Row, columns: Columns) -> str:
    cells = (_cell(row, name, columns) for name in columns)
    return f"  {row.widths:<7}{row.block:>5}" + "".join(cells)


def _cell(row: Row, name: str, columns: Columns) -> str:
    _, width, form, factor = columns[name]
    found = row.figures.get(name)
    return " " * width if found is None else f"{factor * found.value:>{width}{form}}"


def _notes(results: Results) -> Iterator[str]:
    """Explain the kinds of figures that occur in the table."""
    if not all(row.rows.raw for row in results.rows):
        yield (
            "Spectra go in and come out: the STFT is not in the times, nor is the wait for the "
            "frames of a block, 8 ms each."
        )
    kinds = {row.figures[name].kind for row in results.rows for name in (RATE, WEIGHTS)}
    if MEASURED in kinds:
        yield f"measured: by the clock of this machine ({machine()}), after a warm-up"
    if COUNTED in kinds:
        yield (
            "counted: by the DMAs and by the counters at the memory's ports, reconciled with the "
            "layout block by block"
        )
    if any(row.figures[WEIGHTS].kind == MODELLED for row in results.rows):
        yield "modelled bytes: the stream of codes, or the float32 weights, once a block"
    if results.parameters:
        yield _board(**results.parameters)


def _board(board: str, clock: float, **timing: float) -> str:
    return (
        f"modelled times: of a virtual {board} at {clock / 1e6:g} MHz, with "
        f"{1e6 * timing['access']:g} us an access to a register, {1e6 * timing['sync']:g} us a "
        f"flush or invalidation of a buffer, {1e6 * timing['latency']:g} us until a transfer's "
        f"first beat and after its last one, {timing['bandwidth'] / 1e6:,g} MB/s a DMA channel at "
        f"most, which reads in {timing['read_share']:.2%} and writes in "
        f"{timing['write_share']:.2%} of all clocks. Python's share is those accesses and flushes: "
        "what the driver does to arrays (copies, digests) is not in the model."
    )
