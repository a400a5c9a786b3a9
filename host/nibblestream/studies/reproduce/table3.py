"""Table 3: STOI, loss of STOI and bytes."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ...evaluate.table import WIDTH
from . import paper
from .networks import Network
from .product import Cell, Product, Row
from .scores import Scores

SETTINGS = tuple(paper.ROWS)
TITLE = "Table 3: STOI and memory, ours and the paper's"
HEADINGS = ("quantization", "STOI", "loss of STOI", "bytes", "saved")
PAPERS = ("STOI", "loss", "bytes", "saved")
MISPRINT = "0.18% is as the paper prints it; 0.016 of 0.87 is 1.8%."


def product(networks: Sequence[Network], scores: Scores) -> Product:
    """Return the table of all networks."""
    rows = [row for network in networks for row in _rows(network, scores)]
    return Product("table3", TITLE, _caption(rows), {"table3": rows}, markdown=_markdown(rows))


def show(product: Product, console: Console | None = None) -> None:
    """Print the table; plain text if the output is not a terminal."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH, no_color=True)
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column(HEADINGS[0], no_wrap=True)
    for title in (*HEADINGS[1:], "paper", *PAPERS[1:3]):
        table.add_column(title, justify="right", no_wrap=True)
    network: Cell = None
    for row in product.tables["table3"]:
        if row["network"] != network:
            table.add_section()
            network = row["network"]
            table.add_row(Text(str(network), "bold"), Text(f"n={row['n']}", "bold"))
        table.add_row(*_short(row)[:-1])  # the saving, which equals the paper's
    console.print(Group(table, Text(product.caption)))


def _rows(network: Network, scores: Scores) -> list[Row]:
    rows = [scores.row(network, setting) for setting in SETTINGS]
    return [*rows, scores.no_quantization(network), scores.mix(network)]


def _caption(rows: Sequence[Row]) -> str:
    return (
        f"U is uniform, NU is RS-VBS; {rows[0]['n']} mixtures, 95% bootstrap intervals, of losses "
        f"paired. Loss is from no quantization, saved is from 8-U/8-U. k is found from the "
        f"weights. The paper's values are of its own network and recordings. {MISPRINT}"
    )


def _name(row: Row) -> str:
    both = f"{row['first']}/{row['second']}" if row["second"] else str(row["first"])
    return both.replace("RS-VBS", "NU")


def _short(row: Row) -> list[str]:
    loss = f"{_half(row, 'loss')} ({_half(row, 'loss_percent', 1)}%)" if row["second"] else ""
    return [_name(row), _half(row, "stoi"), loss, *_size(row, ""), *_printed(row)]


def _half(row: Row, column: str, decimals: int = 3) -> str:
    """Format a value and half the width of its interval; losses have the paper's sign."""
    mean, low, high = (float(row[f"{column}{end}"] or 0) for end in ("", "_low", "_high"))
    value = f"{-mean:+.{decimals}f}" if column == "loss" else f"{mean:.{decimals}f}"
    return f"{value} ±" + f"{(high - low) / 2:.{decimals}f}".removeprefix("0")


def _size(row: Row, prefix: str) -> tuple[str, str]:
    saved = _number(row, f"{prefix}reduction_percent", ".1f")
    return _number(row, f"{prefix}bytes", ","), f"{saved}%" if saved not in ("", "0.0") else ""


def _printed(row: Row) -> list[str]:
    """Format the paper's values with the decimals it prints."""
    loss = row["paper_loss"]
    percent = f"-{loss:.3f} ({row['paper_loss_percent']:g}%)" if loss is not None else ""
    return [_number(row, "paper_stoi", ".2f"), percent, *_size(row, "paper_")]


def _number(row: Row, column: str, form: str) -> str:
    value = row[column]
    return "" if value is None else f"{value:{form}}"


def _markdown(rows: Sequence[Row]) -> str:
    titles = ("network", *HEADINGS, *(f"paper: {title}" for title in PAPERS))
    lines = [titles, ("---", "---", *("--:",) * (len(titles) - 2))]
    lines += [(str(row["network"]), *_short(row)) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
