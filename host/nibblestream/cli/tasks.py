"""`nibblestream tasks`: quantize networks on well-known data."""

from __future__ import annotations

from pathlib import Path

import click

from ..files.folder import check
from ..hardware.boards import BOARDS
from .options import FILE, command_line

NAMES = ("digits", "digits-wide", "wine", "wine-folded", "cancer", "diabetes")


@click.command()
@click.option(
    "-o", "--output", required=True, type=FILE, help="Folder to write; created if missing."
)
@click.option(
    "--task",
    "names",
    multiple=True,
    type=click.Choice(NAMES),
    help="Task to run; repeatable. Default: all.",
)
@click.option("--seeds", default=10, type=click.IntRange(1), show_default=True)
@click.option("--board", default="Pynq-Z2", type=click.Choice(list(BOARDS)), show_default=True)
def tasks(output: Path, names: tuple[str, ...], seeds: int, board: str) -> None:
    """Train networks on scikit-learn's own data, quantize them and score them on held-out rows.

    Each seed has its own split and training. Compares the float network with 8, 4, 3 and 2 bits,
    by the paper's scheme, k-means and calibrated tables, and models clocks on a board. Writes CSV,
    JSON and README.md.

    Example: nibblestream tasks --task digits -o digits
    """
    from ..studies.tasks import report
    from ..studies.tasks.run import run

    check(output, report.JSON)
    chosen = tuple(name for name in NAMES if name in names) or NAMES
    found = run(chosen, seeds, BOARDS[board])
    report.write(found, output, BOARDS[board], {"command": command_line()})
    report.show(found, BOARDS[board])
