"""`nibblestream sweep`: search for each layer's scheme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..network.float_model import FloatModel
from ..spec import CODE_BITS
from ..studies.sweep.space import QUICK, SCHEMES, Space
from .options import BACKEND, FILE, command_line


@click.command()
@click.argument("float_model")
@click.option("--speech", required=True, type=FILE, help="Folder of speech to report on.")
@click.option("--noise", required=True, type=FILE, help="Folder of noise to report on.")
@click.option("--val-speech", required=True, type=FILE, help="Folder of speech to search on.")
@click.option("--val-noise", required=True, type=FILE, help="Folder of noise to search on.")
@click.option(
    "-o", "--output", required=True, type=FILE, help="Folder to write; created if missing."
)
@click.option(
    "--scheme",
    "schemes",
    multiple=True,
    type=click.Choice(list(SCHEMES)),
    help="Scheme to try; repeatable. Default: all but kmeans, which is slow.",
)
@click.option(
    "--bits",
    multiple=True,
    type=click.Choice([str(bits) for bits in CODE_BITS]),
    help="Bits per code to try; repeatable. Default: all.",
)
@click.option("--trials", default=200, type=click.IntRange(1), show_default=True)
@click.option("--count", default=200, type=click.IntRange(1), show_default=True, help="Mixtures.")
@click.option(
    "--val-count",
    default=60,
    type=click.IntRange(1),
    show_default=True,
    help="Mixtures to search on.",
)
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), show_default=True)
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--jobs", default=2, type=click.IntRange(1), show_default=True, help="Processes.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler to use instead of --jobs, tcp://host:8786.",
)
def sweep(
    float_model: str,
    output: Path,
    schemes: tuple[str, ...],
    bits: tuple[str, ...],
    jobs: int,
    scheduler: str | None,
    **options: Any,
) -> None:
    """Search for the scheme of each layer that loses the least STOI at each size in bytes.

    Writes the best models, a table and a figure of bytes against STOI. The search uses one set of
    mixtures; results are reported on another, beside the paper's fixed settings. Trials and
    scores are kept in the cache, so an interrupted sweep resumes when called again.

    With one worker the same seed draws the same trials; with several, what is drawn also depends
    on the order in which their trials end.

    Example: nibblestream sweep mlp-float --scheme rs-vbs --bits 4 --speech test/speech
    --noise test/noise --val-speech val/speech --val-noise val/noise -o swept
    """
    from ..evaluate.collect import collect
    from ..evaluate.known import open_known
    from ..evaluate.workers import local
    from ..hardware import sources
    from ..studies.sweep import report, run

    if scheduler is not None and _given("jobs"):
        raise click.UsageError(
            "give either --jobs (local processes) or --scheduler (a Dask cluster)"
        )
    for name in ("speech", "noise"):
        if options[name].resolve() == options[f"val_{name}"].resolve():
            raise click.UsageError(f"{options[name]} is both to search on and to report on")
    model = FloatModel.load(float_model)
    chosen = tuple(int(n) for n in bits) or CODE_BITS
    space = Space(len(model.weights), schemes or QUICK, chosen)
    report.prepare(output)
    test, validation = (
        collect(*(options.pop(f"{which}{name}") for name in ("speech", "noise")), count=count)
        for which, count in (("", options.pop("count")), ("val_", options.pop("val_count")))
    )
    workers = local(jobs) if scheduler is None else _cluster(scheduler)
    with open_known() as known:
        options |= {"workers": workers, "known": known}
        options |= {"journals": sources.writable_cache() / "sweeps"}
        found = run.sweep(model, validation, test, space, **options)
    click.echo(report.table(found))
    report.write(found, model, output, command_line())


def _given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source == click.core.ParameterSource.COMMANDLINE


def _cluster(address: str) -> Any:
    from ..evaluate.cluster import cluster

    return cluster(address)
