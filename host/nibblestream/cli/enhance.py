"""Enhance a recording: file in, file out; either may be a pipe."""

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
from ..sound import pipe, reading, writing
from ..sound.wave import Layout
from .options import BACKEND, MODEL_HELP, refuse_same

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
    raw = _raw_layout(source, rate, form, channels)
    _refuse_terminals(source, output)
    with ExitStack() as stack:
        if source != PIPE:
            layout, noisy = stack.enter_context(reading.reading(source))
        if output != PIPE:
            writing.check_target(output)
            refuse_same(Path(output), Path(source))
        enhancer = stack.enter_context(Enhancer(model, backend))
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
            "--rate, --format and --channels tell of raw samples on standard input, "
            "which take IN to be - and at least a --rate"
        )
    return None


def _refuse_terminals(source: str, output: str) -> None:
    if source == PIPE and sys.stdin.isatty():
        raise click.UsageError("refusing to read audio from a terminal: pipe some in")
    if output == PIPE and sys.stdout.isatty():
        raise click.UsageError("refusing to write audio to a terminal: pipe it on, or name a file")


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
