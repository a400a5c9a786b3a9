"""`nibblestream bench`: time the backends and count their memory traffic."""

from __future__ import annotations

from pathlib import Path

import click

from ..backends import BACKENDS
from ..files.atomic import target
from .options import BACKEND, FILE, MODEL_HELP, command_line


@click.command()
@click.option(
    "--backend",
    "backends",
    multiple=True,
    type=BACKEND,
    help="Backend to run; repeatable. Default: all that can run here.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("mlp-float",),
    show_default=True,
    help=f"{MODEL_HELP} Repeatable; float models are quantized to 4 bits, 8, and 4 with 8.",
)
@click.option(
    "--seconds",
    default=1.0,
    type=click.FloatRange(0, 3600),
    show_default=True,
    help="Minimum run time of each row; at least 20 blocks.",
)
@click.option("--json", "output", type=FILE, help="JSON file for all figures.")
@click.option("--plot", type=FILE, help="File for the roofline (.png, .pdf or .svg).")
def bench(
    backends: tuple[str, ...],
    models: tuple[str, ...],
    seconds: float,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Time the backends, count their bytes, and compare them with NumPy in float32.

    Networks run one frame (or row of numbers) at a time, and in the largest blocks. A model of your
    own can be for speech or not.

    Every figure is labelled: measured (by this machine's clock), counted (by hardware, real or
    virtual) or modelled.

    Example: nibblestream bench --backend virtual --json bench.json --plot roofline.png
    """
    from ..studies.bench import at_hand, picture, report, run, subjects

    if output is not None:
        target(output)
    if plot is not None:
        picture.check(plot)
    chosen = at_hand.choose(backends)
    results = run.with_progress(subjects.load(models), chosen, seconds)
    click.echo(report.text(results))
    for name in BACKENDS if not backends else ():
        if name not in chosen:
            click.echo(f"not run: {name}: {at_hand.lacks(name)}")
    if output is not None:
        report.write(results, command_line(), output)
    if plot is not None:
        picture.draw(results.rows, plot)
