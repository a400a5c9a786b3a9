"""Output of a comparison: a printed table, CSV, JSON and a figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ...evaluate.bootstrap import Interval
from ...evaluate.table import WIDTH
from ...files.folder import filling
from ..reproduce.product import Cell, Product, rounded
from .front import front, sized
from .picture import figure
from .rows import METRICS, Row
from .run import Comparison

NAME = "compare"
HEADINGS = ("cal", "STOI", "loss in %", "SI-SDR", "output error", "bytes", "fits")
FIGURES = (*METRICS.values(), "error")
TITLE = "Quantizers on the same networks and recordings"
CAPTION = """\
cal: calibrated on recordings, the same for all that are.
loss: of STOI against the float network; ± is half of its 95% paired bootstrap interval.
output error: RMS of the gains' error against the float network's (of magnitudes: relative).
bytes: codes, scales, zero points, tables and padding, as the library keeps them; no biases.
fits: the overlay's table holds the weights; rounded: as many values, if each is put on its grid,
which the row named so has been. What fits ran in the overlay's integers, the rest in floats.
Numbers in a name are the weights of a row that share a scale, of NF4 those of a block, or the rows
that share a table; others have one for the whole layer, or for a row where the name says so."""


def show(found: Comparison, console: Console | None = None) -> None:
    """Print the comparison; plain text if the output is not a terminal."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH, no_color=True)
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("", no_wrap=True)
    for title in HEADINGS:
        table.add_column(title, justify="right", no_wrap=True)
    section = ""
    for row in found.rows:
        if _section(row) != section:
            table.add_section()
            section = _section(row)
            table.add_row(Text(section, "bold"))
        table.add_row(Text(row.method), *_cells(row))
    notes = [*_front(found.rows), *_notes(found)]
    console.print(Group(table, Text(CAPTION), *(Text(note) for note in notes)))


def write(found: Comparison, folder: Path, about: Mapping[str, Any]) -> None:
    """Write compare.csv, .json, .pdf and .png; if an error occurs, none is written.

    Parameters
    ----------
    found : Comparison
    folder : path
        Created if it does not exist.
    about : mapping
        Further entries of the JSON: the command, the networks' digests, ...
    """
    best = _best(found.rows)
    rows = [_flat(row) | {"front": row in best} for row in found.rows]
    product = Product(NAME, TITLE, CAPTION, {NAME: rows}, figure(found.rows))
    with filling(folder, f"{NAME}.json") as temporary:
        for name, content in product.files().items():
            (temporary / name).write_bytes(content)
        data = {**about, "title": TITLE, "caption": CAPTION, "rows": rows, "refused": found.refused}
        text = json.dumps(data, indent=1, allow_nan=False)
        (temporary / f"{NAME}.json").write_text(text + "\n", encoding="utf-8")


def _section(row: Row) -> str:
    return row.network if row.bits is None else f"{row.network}, {row.bits} bits"


def _front(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the Pareto front in words."""
    yield "On the Pareto front, no other row has fewer bytes and less error:"
    for row in front(sized(rows)):
        error = f"{row.figures['error'].mean:.4f}".lstrip("0")
        yield f"  {row.bytes:>9,} bytes  {error}  {row.title}"


def _best(rows: Sequence[Row]) -> list[Row]:
    """Return the rows on the front of their network."""
    networks = dict.fromkeys(row.network for row in rows)
    groups = ([row for row in rows if row.network == name] for name in networks)
    return [row for of in groups for row in front(sized(of))]


def _cells(row: Row) -> list[str]:
    if row.failed:
        return ["", "", "see below"]
    of = row.figures
    return [
        "yes" if row.calibrated else "",
        _number(of.get("stoi"), 4),
        _about(of.get("loss_percent"), 2),
        _number(of.get("si_sdr"), 2),
        _about(of.get("error"), 4).replace("0.", "."),
        "" if row.bytes is None else f"{row.bytes:,}",
        row.fits,
    ]


def _number(figure: Interval | None, decimals: int) -> str:
    return "" if figure is None else f"{figure.mean:.{decimals}f}"


def _about(figure: Interval | None, decimals: int) -> str:
    if figure is None:
        return ""
    half = (figure.high - figure.low) / 2
    mean = round(figure.mean, decimals) + 0.0  # no minus before zero
    return f"{mean:.{decimals}f} ±{half:.{decimals}f}"


def _notes(found: Comparison) -> list[str]:
    failed = dict.fromkeys(f"{row.title}: {row.failed}" for row in found.rows if row.failed)
    count = found.refused["count"]
    first = [f"refused {clip['clip']}: {clip['reason']}" for clip in found.refused["clips"][:1]]
    return [*failed, *first, *([f"refused {count} clips in all"] if count > 1 else [])]


def _flat(row: Row) -> dict[str, Cell]:
    flat: dict[str, Cell] = {
        "network": row.network,
        "method": row.method,
        "bits": row.bits,
        "library": row.library,
        "calibrated": row.calibrated,
        "fits": row.fits,
        "codes": row.codes,
        "extra": row.extra,
        "bytes": row.bytes,
        "seconds": row.seconds,
        "failed": row.failed,
    }
    for name in FIGURES:
        values = row.figures.get(name)
        flat[name] = values and values.mean
        flat[f"{name}_low"], flat[f"{name}_high"] = values and values.low, values and values.high
    return rounded(flat)
