"""`nibblestream enhance`: enhance a recording, from file or pipe to file or pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from .. import Enhancer
from ..console import progress_bar
from ..enhance.piecewise import enhanced
from ..geometry import Geometry
from ..sound import pipe, reading, writing
from ..sound.wave import Layout
from .options import (
    BACKEND,
    BAND,
    BAND_HELP,
    GEOMETRY,
    GEOMETRY_HELP,
    MODEL_HELP,
    refuse_same,
)

FORMATS = {"s16le": "PCM_16", "s32le": "PCM_32", "f32le": "FLOAT"}
PIPE = "-"


@click.command()
@click.argument("source", metavar="IN")
@click.option("-o", "--output", required=True, metavar="OUT", help="Audio file to write, or -.")
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--geometry", type=GEOMETRY, help=GEOMETRY_HELP)
@click.option("--model", default="default", show_default=True, help=MODEL_HELP)
@click.option("--band", default="full", type=BAND, show_default=True, help=BAND_HELP)
@click.option("--rate", type=int, help="Sample rate in Hz of raw samples on standard input.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="Format of raw samples; default s16le.",
)
@click.option("--channels", type=click.IntRange(1), help="Channels of raw samples; default 1.")
def enhance(
    source: str,
    output: str,
    backend: str,
    geometry: Geometry | None,
    model: str,
    band: str,
    rate: int | None,
    form: str | None,
    channels: int | None,
) -> None:
    """Enhance a recording: any sample rate, any number of channels.

    IN and OUT can be "-" for standard input and output: wav, or raw samples if --rate is given.
    Samples are written as soon as they are enhanced, with the same bits as from a file. (A board
    holds the state of one channel, so input with several channels is first read to its end.)

    Example: nibblestream enhance street.wav -o clearer.wav

    Example: arecord -f S16_LE -r 8000 | nibblestream enhance - -o - | aplay
    """
    raw = _raw_layout(source, rate, form, channels)
    _refuse_terminals(source, output)
    with ExitStack() as stack:
        if source != PIPE:
            layout, noisy = stack.enter_context(reading.reading(source))
        if output != PIPE:
            writing.check_target(output)
            refuse_same(Path(output), Path(source))
        enhancer = stack.enter_context(Enhancer(model, backend, band, geometry))
        if source == PIPE:
            layout, noisy = pipe.from_pipe(sys.stdin.buffer, raw)
        pieces = enhanced(enhancer, layout, noisy)
        write = stack.enter_context(_output(output, layout, raw is not None))
        advance = stack.enter_context(progress_bar(layout.frames, "sample"))
        start, frames = time.perf_counter(), 0
        for clean in pieces:
            write(clean)
            advance(len(clean))
            frames += len(clean)
        seconds, length = time.perf_counter() - start, frames / layout.rate
        where = "standard output" if output == PIPE else output
        summary = _summary(where, length, layout.rate, seconds, enhancer)
    click.echo(summary, err=output == PIPE)


def _raw_layout(
    source: str, rate: int | None, form: str | None, channels: int | None
) -> Layout | None:
    if rate is not None and source == PIPE:
        return Layout(rate, channels or 1, FORMATS[form or "s16le"])
    if (rate, form, channels) != (None, None, None):
        raise click.UsageError(
            "--rate, --format and --channels describe raw samples on standard input: "
            "they need - as IN, and --rate"
        )
    return None


def _refuse_terminals(source: str, output: str) -> None:
    if source == PIPE and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("refusing to read audio from a terminal, or nowhere: pipe it in")
    if output == PIPE and (sys.stdout is None or sys.stdout.isatty()):
        raise click.UsageError(
            "refusing to write audio to a terminal, or nowhere: pipe it, or name a file"
        )


@contextmanager
def _output(output: str, layout: Layout, raw: bool) -> Iterator[writing.Write]:
    if output != PIPE:
        with writing.writing(output, layout) as write:
            yield write
        return
    with closing(pipe.Output(sys.stdout.buffer, layout, raw=raw)) as out:
        yield out.write


def _summary(where: str, length: float, rate: int, seconds: float, enhancer: Enhancer) -> str:
    return (
        f"{where}: {length:.2f} s at {rate} Hz, computed in {seconds:.2f} s; "
        f"{enhancer.traffic.per_frame:,.0f} weight bytes a frame"
    )
