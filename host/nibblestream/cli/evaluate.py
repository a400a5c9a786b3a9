"""`nibblestream evaluate`: score models on speech in noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..evaluate.peers.table import NAMES
from ..files.atomic import target
from .options import BACKEND, FILE, MODEL_HELP, SPLIT, command_line, refuse_drawing, refuse_same


@click.command()
@click.option("--speech", type=FILE, help="Folder of clean speech; requires --noise.")
@click.option("--noise", type=FILE, help="Folder of noise.")
@click.option("--split", type=SPLIT, help="Part of the corpus to use; default all.")
@click.option("--mixtures", type=FILE, help="Manifest from `mix`, instead of drawing mixtures.")
@click.option(
    "--pairs", type=FILE, help="Instead: CSV of clean,noisy[,group], or VoiceBank-DEMAND, NOIZEUS."
)
@click.option("--model", "models", multiple=True, help=f"{MODEL_HELP} Repeatable.")
@click.option(
    "--peer",
    "peers",
    multiple=True,
    type=click.Choice(NAMES),
    metavar="NAME",
    help=f"Noise suppressor of another package to score too; repeatable: {', '.join(NAMES)}.",
)
@click.option("--count", default=200, type=click.IntRange(1), show_default=True, help="Mixtures.")
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
@click.option("--snr", "snrs", multiple=True, default=(0.0, 5.0), type=float, show_default=True)
@click.option(
    "--channel",
    default="none",
    type=click.Choice(["none", "telephone", "equaliser", "all"]),
    help="Channel simulation applied to the mixtures.",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    default=("stoi", "si_sdr", "pesq"),
    type=click.Choice(["stoi", "si_sdr", "pesq"]),
    show_default=True,
)
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--jobs", default=2, type=click.IntRange(1), show_default=True, help="Processes.")
@click.option("--json", "output", type=FILE, help="JSON file for all groups and intervals.")
def evaluate(
    speech: Path | None,
    noise: Path | None,
    pairs: Path | None,
    mixtures: Path | None,
    split: str | None,
    models: tuple[str, ...],
    peers: tuple[str, ...],
    output: Path | None,
    **options: Any,
) -> None:
    """Score the noisy input, models and peers by STOI, SI-SDR and narrow-band PESQ.

    If a quantized model is listed together with the float model it was made from, its loss of STOI
    against that model is shown too. Peers are resampled to their own rate and back, and aligned to
    the sample; the extra "peers" installs them. Scores are cached.

    Example: nibblestream evaluate --speech test/speech --noise test/noise --model default
    --peer rnnoise
    """
    from ..evaluate import run, table
    from ..evaluate.collect import collect
    from ..evaluate.known import open_known
    from ..evaluate.workers import local

    if [speech is None, noise is None, pairs is not None] not in ([False] * 3, [True] * 3):
        raise click.UsageError(
            "give either --pairs, or both --speech and --noise, also with --mixtures"
        )
    if pairs is not None or mixtures is not None:
        refuse_drawing()
    if output is not None:
        target(output)
        for source in (pairs, mixtures, *map(Path, models)):
            if source is not None:
                refuse_same(output, source)
    drawn = {key: options.pop(key) for key in ("count", "seed", "snrs", "channel")}
    loaded = run.load(models, peers)
    clips = collect(speech, noise, pairs=pairs, written=mixtures, split=split, **drawn)
    options |= {"origins": run.origins(loaded), "workers": local(options.pop("jobs"))}
    with open_known() as known:
        results = run.with_progress(clips, loaded, known=known, command=command_line(), **options)
    results["costs"] = run.costs(loaded)
    table.show(results)
    if output is not None:
        run.write(results, output)
