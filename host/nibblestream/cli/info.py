"""`nibblestream info`: describe a model."""

from __future__ import annotations

import click

from ..geometry import DEFAULT, Geometry
from ..hardware import cycles, resources
from ..hardware.boards import BOARDS
from ..hardware.traffic import Traffic, layers_of, rows_of
from ..network.model import load_model
from ..spec import MAX_BLOCK
from .options import GEOMETRY


@click.command()
@click.argument("model")
@click.option("--board", type=click.Choice(list(BOARDS)), help="Also model its cost on this board.")
@click.option("--clock", type=click.FloatRange(1, 1000), help="Clock in MHz; default the board's.")
@click.option(
    "--block", type=click.IntRange(1, MAX_BLOCK), help="Rows per block; default the maximum."
)
@click.option("--geometry", type=GEOMETRY, help="Of the kernels; default the board's.")
def info(
    model: str,
    board: str | None,
    clock: float | None,
    block: int | None,
    geometry: Geometry | None,
) -> None:
    """Describe a model: layers, formats, look-up tables, bytes.

    With --board also clock cycles, memory traffic and the board's resources that the kernels use,
    all modelled.

    Example: nibblestream info default --board Pynq-Z2
    """
    if board is None and (clock, block, geometry) != (None, None, None):
        raise click.UsageError("--clock, --block and --geometry need --board")
    found = load_model(model)
    chosen = geometry or (BOARDS[board].geometry if board else DEFAULT)
    on_board = cycles.report(found, BOARDS[board], clock, block, chosen) if board else ""
    traffic = Traffic(layers_of(found, geometry=chosen), 0, 0, rows=rows_of(found))
    click.echo(f"{found.describe()}\n\n{traffic}")
    if board:
        click.echo(f"\n{on_board}\n\n{resources.report(BOARDS[board], chosen)}")
