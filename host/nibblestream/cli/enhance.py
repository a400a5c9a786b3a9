"""Enhance a recording: file in, file out; either may be a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from .. import Enhancer, audio
from .options import BACKEND, MODEL_HELP, refuse_same

if TYPE_CHECKING:
    from ..wave import Layout

FORMATS = {"s16le": "PCM_16", "s32le": "PCM_32", "f32le": "FLOAT"}
PIPE = "-"


@click.command()
@click.argument("source", metavar="IN")
@click.option("-o", "--output", required=True, metavar="OUT", help="Where to write the result.")
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--model", default="default", show_default=True, help=MODEL_HELP)
@click.option("--rate", type=int, help="Of raw samples on standard input, in Hz.")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), help="Of raw samples; else s16le."
)
@click.option("--channels", type=click.IntRange(1), help="Of raw samples; else 1.")
def enhance(
    source: str,
    output: str,
    backend: str,
    model: str,
    rate: int | None,
    form: str | None,
    channels: int | None,
) -> None:
    """Enhance a recording: any sample rate, any number of channels.

    IN and OUT can be "-", standard input and output: wav, or with --rate raw samples in and out.
    What comes in goes out as soon as it is enhanced, with the same bits as from a file. (A board
    holds one channel's state: on it, several channels are read to their end first.)

    Example: nibblestream enhance street.wav -o clearer.wav

    Example: arecord -f S16_LE -r 8000 | nibblestream enhance - -o - | aplay
    """
    if PIPE not in (source, output):
        _refuse_raw(rate, form, channels)
        _file(Path(source), Path(output), model, backend)
        return
    from ..wave import Layout

    if rate is None or source != PIPE:
        _refuse_raw(rate, form, channels)
        raw = None
    else:
        raw = Layout(rate, channels or 1, FORMATS[form or "s16le"])
    _pipe(source, output, raw, model, backend)


def _refuse_raw(*options: Any) -> None:
    if any(option is not None for option in options):
        raise click.UsageError(
            "--rate, --format and --channels tell of raw samples on standard input, "
            "which take IN to be - and at least a --rate"
        )


def _file(source: Path, output: Path, model: str, backend: str) -> None:
    audio.check_target(output)
    noisy, rate = audio.read(source)
    refuse_same(output, source)
    with Enhancer(model, backend) as enhancer:
        start = time.perf_counter()
        clean = enhancer.enhance(noisy, rate, progress=True)
        seconds = time.perf_counter() - start
        audio.write(output, clean, rate, audio.subtype(source))
        click.echo(_summary(str(output), len(noisy) / rate, rate, seconds, enhancer))


def _pipe(source: str, output: str, raw: Layout | None, model: str, backend: str) -> None:
    from .. import pipe

    if source == PIPE and sys.stdin.isatty():
        raise click.UsageError("refusing to read audio from a terminal: pipe some in")
    if output == PIPE and sys.stdout.isatty():
        raise click.UsageError("refusing to write audio to a terminal: pipe it on, or name a file")
    if output != PIPE:
        audio.check_target(output)
    with Enhancer(model, backend) as enhancer:
        start = time.perf_counter()
        if source == PIPE:
            layout, noisy = pipe.from_pipe(sys.stdin.buffer, raw)
        else:
            layout, noisy = pipe.from_file(Path(source))
        clean = pipe.enhanced(enhancer, layout, noisy)
        frames = _write(output, clean, layout, raw is not None)
        seconds, length = time.perf_counter() - start, frames / layout.rate
        where = "standard output" if output == PIPE else output
        click.echo(_summary(where, length, layout.rate, seconds, enhancer), err=output == PIPE)


def _write(output: str, clean: Iterator[Any], layout: Layout, raw: bool) -> int:
    """Write all pieces and return how many samples of each channel they held."""
    from ..pipe import Output

    if output != PIPE:
        samples = np.concatenate(list(clean))
        audio.write(output, samples, layout.rate, layout.subtype)
        return len(samples)
    with closing(Output(sys.stdout.buffer, layout, raw=raw)) as pipe:
        for piece in clean:
            pipe.write(piece)
    return pipe.frames


def _summary(where: str, length: float, rate: int, seconds: float, enhancer: Enhancer) -> str:
    return (
        f"{where}: {length:.2f} s at {rate} Hz, computed in {seconds:.2f} s; "
        f"{enhancer.traffic.per_frame:,.0f} weight bytes a frame"
    )
