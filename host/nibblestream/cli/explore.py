"""`nibblestream explore`: choose the kernels' geometry for a network and a board."""

from __future__ import annotations

from pathlib import Path

import click

from ..files.atomic import target
from ..hardware.boards import BOARDS
from ..network.model import load_model
from .options import FILE, MODEL_HELP, command_line

PICTURES = (".png", ".pdf")


@click.command(epilog=MODEL_HELP)
@click.argument("model")
@click.option(
    "--board",
    "names",
    required=True,
    multiple=True,
    type=click.Choice(list(BOARDS)),
    help="Board; repeatable.",
)
@click.option("--target-latency", type=click.FloatRange(0, min_open=True), help="Most us of a row.")
@click.option("--max-dsp", type=click.IntRange(0), help="Most DSPs.")
@click.option(
    "--spare",
    default=20,
    type=click.IntRange(0, 99),
    show_default=True,
    help="Percent of each resource that has to be left.",
)
@click.option("--json", "json_file", type=FILE, help="File for all geometries.")
@click.option("-o", "--output", type=FILE, help="File for the picture (.png or .pdf).")
def explore(
    model: str,
    names: tuple[str, ...],
    target_latency: float | None,
    max_dsp: int | None,
    spare: int,
    json_file: Path | None,
    output: Path | None,
) -> None:
    """Choose the kernels' geometry: all that fit a board, what they cost, how fast a network is.

    Prints the Pareto front of DSPs, LUTs, latency and speed, and the command that builds the
    fastest. Clocks and resources are modelled.

    Example: nibblestream explore default --board Pynq-Z2 -o front.png
    """
    from ..studies.explore import report
    from ..studies.explore.run import explore as run

    if output and output.suffix not in PICTURES:
        raise click.UsageError(f"{output}: expected a picture, one of {', '.join(PICTURES)}")
    for path in filter(None, (json_file, output)):
        target(path)
    found = load_model(model)
    explorations = [
        run(found, BOARDS[name], spare / 100, target_latency, max_dsp)
        for name in dict.fromkeys(names)
    ]
    for each in explorations:
        report.show(each)
    if json_file:
        report.write(explorations, json_file, {"command": command_line()})
    if output:
        from ..studies.explore.picture import draw

        draw(explorations, output)
