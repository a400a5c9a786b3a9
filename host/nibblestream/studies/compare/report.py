"""Output of a comparison: a printed table, CSV, JSON and a figure."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from .picture import figure
from .rows import METRICS, Row
from .run import Comparison

NAME = "compare"
HEADINGS = ("STOI", "loss in %", "SI-SDR", "output error", "codes + rest", "s", "fits")
FIGURES = (*METRICS.values(), "error")
TITLE = "Quantizers on the same networks and recordings"
CAPTION = """\
loss: of STOI against the float network, [ ] its 95% paired bootstrap interval; ± is half of one.
output error: RMS of the gains' error against the float network's (of magnitudes: relative).
codes + rest: bytes of codes, and of scales, zero points, tables and padding; biases are in none.
s: seconds to quantize. Ours ran in the overlay's integers; others in floats, with float biases.
fits: the overlay's table holds the weights; rounded: as many values, if each is put on its grid."""


def show(found: Comparison, console: Console | None = None) -> None:
    """Print the comparison; plain text if the output is not a terminal."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH, no_color=True)
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("", no_wrap=True)
    for title in HEADINGS:
        table.add_column(title, justify="right", no_wrap=True)
    network = ""
    for row in found.rows:
        if row.network != network:
            table.add_section()
            network = row.network
            table.add_row(Text(network, "bold"))
        table.add_row(Text(row.title), *_cells(row))
    console.print(Group(table, Text(CAPTION), *(Text(note) for note in _notes(found))))


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
    rows = [_flat(row) for row in found.rows]
    product = Product(NAME, TITLE, CAPTION, {NAME: rows}, figure(found.rows))
    with filling(folder) as temporary:
        for name, content in product.files().items():
            (temporary / name).write_bytes(content)
        data = {**about, "title": TITLE, "caption": CAPTION, "rows": rows, "refused": found.refused}
        text = json.dumps(data, indent=1, allow_nan=False)
        (temporary / f"{NAME}.json").write_text(text + "\n", encoding="utf-8")


def _cells(row: Row) -> list[str]:
    if row.failed:
        return ["", "see below"]
    of = row.figures
    return [
        _number(of.get("stoi"), 4),
        _between(of.get("loss_percent")),
        _number(of.get("si_sdr"), 2),
        _about(of.get("error")),
        "" if row.codes is None else f"{row.codes:,} + {row.extra:,}",
        "" if row.seconds is None else f"{row.seconds:.{int(row.seconds < 10)}f}",
        row.fits,
    ]


def _number(figure: Interval | None, decimals: int) -> str:
    return "" if figure is None else f"{figure.mean:.{decimals}f}"


def _between(figure: Interval | None) -> str:
    return "" if figure is None else f"{figure.mean:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


def _about(figure: Interval | None) -> str:
    if figure is None:
        return ""
    half = (figure.high - figure.low) / 2
    return f"{figure.mean:.4f} ±{half:.4f}".replace("0.", ".")


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
