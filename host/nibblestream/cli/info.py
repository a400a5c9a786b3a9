"""Describe a model."""

from __future__ import annotations

import click

from .. import Enhancer
from ..hardware import cycles, resources
from ..hardware.boards import BOARDS
from ..network.model import load_model
from ..spec import MAX_BLOCK


@click.command()
@click.argument("model")
@click.option("--board", type=click.Choice(list(BOARDS)), help="Say what it takes on this one.")
@click.option("--clock", type=click.FloatRange(1, 1000), help="In MHz, if not the board's.")
@click.option("--block", type=click.IntRange(1, MAX_BLOCK), help="Frames, if not the most.")
def info(model: str, board: str | None, clock: float | None, block: int | None) -> None:
    """Describe a model: layers, formats, look-up tables, bytes.

    With a board also clocks, memory traffic and what the kernels take of it: all modelled.

    Example: nibblestream info default --board Pynq-Z2
    """
    if board is None and (clock, block) != (None, None):
        raise click.UsageError("--clock and --block say more about a --board: name one")
    found = load_model(model)
    on_board = cycles.report(found, BOARDS[board], clock, block) if board else ""
    click.echo(found.describe())
    with Enhancer(found) as enhancer:
        click.echo(f"\n{enhancer.traffic}")
    if board:
        click.echo(f"\n{on_board}\n\n{resources.report(BOARDS[board])}")
