"""`nibblestream reproduce`: make the paper's Table 3 and Figures 1 to 4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from ..files.folder import check, filling
from ..studies.reproduce import NAMES, UNSCORED
from .options import FILE, SPLIT, command_line, refuse_drawing

if TYPE_CHECKING:
    from ..evaluate.mixtures import Mixture


@click.command()
@click.argument("what", nargs=-1, required=True, type=click.Choice([*NAMES, "all"]))
@click.option("-o", "--output", required=True, type=FILE, help="Folder to write to.")
@click.option("--speech", type=FILE, help="Folder of clean speech; not for fig1 and fig2.")
@click.option("--noise", type=FILE, help="Folder of noise; not for fig1 and fig2.")
@click.option("--split", type=SPLIT, help="Part of the corpus to use; default all.")
@click.option("--mixtures", type=FILE, help="Manifest from `mix`, instead of drawing mixtures.")
@click.option("--count", default=400, type=click.IntRange(1), show_default=True, help="Mixtures.")
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("paper-float", "mlp-float"),
    show_default=True,
    help="Float model with two layers: file or bundled name. Repeatable.",
)
@click.option("--jobs", default=2, type=click.IntRange(1), show_default=True, help="Processes.")
def reproduce(
    what: tuple[str, ...],
    output: Path,
    speech: Path | None,
    noise: Path | None,
    mixtures: Path | None,
    split: str | None,
    models: tuple[str, ...],
    jobs: int,
    **drawn: Any,
) -> None:
    """Make Table 3 and Figures 1 to 4 of the paper with other networks and recordings.

    Writes CSV, JSON, PDF, PNG, the manifest of the mixtures, and README.md, which shows the table
    and the figures. Scores are cached.

    Example: nibblestream reproduce all --speech test/speech --noise test/noise -o reproduced
    """
    from ..evaluate import manifest
    from ..evaluate.collect import collect
    from ..evaluate.known import open_known
    from ..evaluate.workers import local
    from ..studies.reproduce import report, table3
    from ..studies.reproduce.networks import load
    from ..studies.reproduce.run import reproduce

    names = set(NAMES if "all" in what else what)
    check(output, report.DATA)
    if mixtures is not None:
        refuse_drawing()
    networks = load(models)
    about = {"command": command_line(), "networks": {n.name: n.model.digest for n in networks}}
    clips: Sequence[Mixture] = ()
    if not names <= UNSCORED:
        if speech is None or noise is None:
            raise click.UsageError("give --speech and --noise, on which the networks are scored")
        found = collect(speech, noise, written=mixtures, split=split, **drawn)
        clips = cast("Sequence[Mixture]", found)  # without `pairs`, clips are mixtures
    with open_known() as known:
        products, scores = reproduce(names, networks, clips, workers=local(jobs), known=known)
    with filling(output, report.DATA) as temporary:
        if speech is not None and noise is not None and clips:
            manifest.write(temporary / "mixtures.csv", clips, speech, noise, about)
        report.write(temporary, products, {**about, **scores})
    for product in products:
        if product.markdown:
            table3.show(product)
    click.echo(f"{output / report.INDEX}: {', '.join(product.name for product in products)}")
