"""`nibblestream train`: train a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .options import FILE, PerLayer, command_line, model_target


@click.command()
@click.option("--speech", required=True, type=FILE, help="Folder of clean speech.")
@click.option("--noise", required=True, type=FILE, help="Folder of noise.")
@click.option("-o", "--output", required=True, type=FILE, help="Float model to write (.npz).")
@click.option("--recipe", default="memory", type=click.Choice(["memory", "mlp", "paper"]))
@click.option("--val-speech", type=FILE, help="Speech to validate on; default the val split.")
@click.option("--val-noise", type=FILE, help="Noise to validate on; default the val split.")
@click.option("--mixtures", type=FILE, help="Manifest from `mix`: train on only these mixtures.")
@click.option("--val-mixtures", type=FILE, help="Manifest from `mix`: validate on its first 500.")
@click.option(
    "--steps", type=click.IntRange(1), help="Training steps, each a batch of clips of 3 s."
)
@click.option(
    "--hidden", type=PerLayer(int), help="Widths of the hidden layers, for example 256,128."
)
@click.option("--seed", default=0, type=click.IntRange(0, 2**63 - 1), show_default=True)
def train(output: Path, recipe: str, **options: Any) -> None:
    """Train a network on folders of speech and noise; an interrupted run is resumed.

    Accepts any sample rate and every format libsndfile reads (wav, flac, ogg, NIST sphere); files
    that cannot be read are reported and skipped. WSJ0, LibriSpeech, VCTK, VoiceBank-DEMAND, TUT
    Acoustic Scenes 2016, DEMAND and folders with train/ and val/ are used by their splits; of other
    folders, every tenth file is held out for validation, and one file alone is refused.

    Example: nibblestream train --speech librispeech --noise demand -o mine.npz
    """
    from ..train.run import train as run

    model_target(output)
    model = run(output, recipe, command=command_line(), **options)
    click.echo(f"{output}: {model.training}")
