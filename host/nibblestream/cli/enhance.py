"""Enhance a recording: file in, file out."""

from __future__ import annotations

import time
from pathlib import Path

import click

from .. import Enhancer, audio
from .options import BACKEND, FILE, MODEL_HELP, refuse_same


@click.command()
@click.argument("source", metavar="IN", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="Where to write the result.")
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--model", default="default", show_default=True, help=MODEL_HELP)
def enhance(source: Path, output: Path, backend: str, model: str) -> None:
    """Enhance a recording: any sample rate, any number of channels.

    Example: nibblestream enhance street.wav -o clearer.wav
    """
    audio.check_target(output)
    noisy, rate = audio.read(source)
    refuse_same(output, source)
    with Enhancer(model, backend) as enhancer:
        start = time.perf_counter()
        clean = enhancer.enhance(noisy, rate, progress=True)
        seconds = time.perf_counter() - start
        audio.write(output, clean, rate, audio.subtype(source))
        per_frame = enhancer.traffic.per_frame
    click.echo(
        f"{output}: {len(noisy) / rate:.2f} s at {rate} Hz, computed in {seconds:.2f} s; "
        f"{per_frame:,.0f} weight bytes a frame"
    )
