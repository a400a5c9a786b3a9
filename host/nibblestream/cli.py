"""The command line: each command reads its options, calls the library, and prints."""

from __future__ import annotations

import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from . import Enhancer, __version__, audio, cycles, resources
from .backends import BACKENDS
from .boards import BOARDS
from .commands import Commands, PerLayer
from .files import target
from .float_model import FloatModel
from .model import load_model
from .quantize import quantize as quantize_model
from .scheme import NAMES
from .spec import MAX_BLOCK

FILE = click.Path(path_type=Path)
MODEL_HELP = "Model file or bundled name: default, paper, default-float, paper-float."


@click.group(
    cls=Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__)
def main() -> None:
    """Speech enhancement by a neural network that runs from 4-bit codes."""


@main.command()
@click.argument("source", metavar="IN", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="Where to write the result.")
@click.option("--backend", default="emu", type=click.Choice(list(BACKENDS)), show_default=True)
@click.option("--model", default="default", show_default=True, help=MODEL_HELP)
def enhance(source: Path, output: Path, backend: str, model: str) -> None:
    """Enhance a recording: any sample rate, any number of channels.

    Example: nibblestream enhance street.wav -o clearer.wav
    """
    audio.check_target(output)
    noisy, rate = audio.read(source)
    _refuse_same(output, source)
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


@main.command()
@click.option("--speech", required=True, type=FILE, help="Folder of clean speech.")
@click.option("--noise", required=True, type=FILE, help="Folder of noise.")
@click.option("-o", "--output", required=True, type=FILE, help="Float model to write (.npz).")
@click.option("--recipe", default="default", type=click.Choice(["default", "paper"]))
@click.option("--val-speech", type=FILE, help="Speech to validate on, else every tenth file.")
@click.option("--val-noise", type=FILE, help="Noise to validate on, else every tenth file.")
@click.option("--steps", type=click.IntRange(1), help="Batches of 32 clips of 3 s.")
@click.option(
    "--hidden", type=PerLayer(int), help="Widths of the hidden layers, as 256 or 256,128."
)
@click.option("--seed", default=0, type=click.IntRange(0, 2**63 - 1), show_default=True)
def train(output: Path, recipe: str, **options: Any) -> None:
    """Train a network on folders of speech and noise; go on where an earlier run stopped.

    Any rate, any format libsndfile reads (wav, flac, ogg, NIST sphere); files that cannot be read
    are named and skipped.

    Example: nibblestream train --speech librispeech --noise demand -o mine.npz
    """
    from .train.run import train as run

    model = run(output, recipe, command=_command(), **options)
    click.echo(f"{output}: {model.training}")


@main.command()
@click.argument("float_model")
@click.option("-o", "--output", required=True, type=FILE, help="Quantized model to write (.npz).")
@click.option(
    "--scheme", default="rs-vbs", type=PerLayer(str), show_default=True, help=", ".join(NAMES)
)
@click.option("--bits", default=4, type=PerLayer(int), show_default=True, help="2, 3, 4 or 8.")
@click.option("--layer-bits", type=PerLayer(int), help="The same for each layer, as 4,8.")
@click.option("--m", default=8, type=PerLayer(int), show_default=True, help="Width of a LUT entry.")
@click.option(
    "--k", type=PerLayer(int), help="Virtual bit shift; found from the data if not given."
)
@click.option("--ratio", default=1.0, type=PerLayer(float), show_default=True)
@click.option("--p-start", default=0.04, type=PerLayer(float), show_default=True)
@click.option("--p-stop", default=0.96, type=PerLayer(float), show_default=True)
def quantize(float_model: str, output: Path, layer_bits: Any, **options: Any) -> None:
    """Quantize a float model's weights to codes and look-up tables, without retraining.

    Every option takes one value, or one for each layer separated by commas. 8-bit codes have no
    table, so where one range-split scheme is named for all, 8-bit layers become uniform (u).

    Example: nibblestream quantize default-float -o mixed.npz --scheme rs-vbs --layer-bits 4,8
    """
    target(output)
    options["bits"] = options["bits"] if layer_bits is None else layer_bits
    scheme, bits = options["scheme"], options["bits"]
    if isinstance(bits, tuple) and isinstance(scheme, str) and scheme.startswith("rs"):
        options["scheme"] = tuple("u" if b == 8 else scheme for b in bits)
    model = quantize_model(FloatModel.load(float_model), **options)
    _refuse_same(output, Path(float_model))
    replace(model, name=output.stem).save(output)
    click.echo(
        f"{output}: {model.ideal_bytes:,} bytes of codes, {model.stream_bytes:,} as streamed"
    )


@main.command()
@click.option("--speech", type=FILE, help="Folder of clean speech, with --noise.")
@click.option("--noise", type=FILE, help="Folder of noise.")
@click.option("--pairs", type=FILE, help="Instead: CSV of clean,noisy[,group].")
@click.option("--model", "models", multiple=True, help=f"{MODEL_HELP} Repeatable.")
@click.option("--count", default=200, type=click.IntRange(1), show_default=True, help="Mixtures.")
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
@click.option("--snr", "snrs", multiple=True, default=(0.0, 5.0), type=float, show_default=True)
@click.option(
    "--channel",
    default="none",
    type=click.Choice(["none", "telephone", "equaliser", "all"]),
    help="What the mixtures pass through.",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    default=("stoi", "si_sdr", "pesq"),
    type=click.Choice(["stoi", "si_sdr", "pesq"]),
    show_default=True,
)
@click.option("--backend", default="emu", type=click.Choice(list(BACKENDS)), show_default=True)
@click.option("--jobs", default=2, type=click.IntRange(1), show_default=True, help="Processes.")
@click.option("--json", "output", type=FILE, help="Write all groups and intervals here.")
def evaluate(
    speech: Path | None,
    noise: Path | None,
    pairs: Path | None,
    models: tuple[str, ...],
    output: Path | None,
    **options: Any,
) -> None:
    """Score the noisy input and models by STOI, SI-SDR and narrow-band PESQ.

    Where a quantized model is listed with the float model it was made from, what it lost of that
    model's STOI is shown, too.

    Example: nibblestream evaluate --speech test/speech --noise test/noise --model default
    """
    from .evaluate import report, table

    if [speech is None, noise is None, pairs is not None] not in ([False] * 3, [True] * 3):
        raise click.UsageError("give either --pairs, or both --speech and --noise")
    if output is not None:
        target(output)
    drawn = {key: options.pop(key) for key in ("count", "seed", "snrs", "channel")}
    clips = report.collect(speech, noise, pairs, **drawn)
    loaded = report.load(models)
    options["origins"] = report.origins(loaded)
    results = report.with_progress(clips, models, command=_command(), **options)
    table.show(results, report.weight_bytes(loaded))
    if output is not None:
        report.write(results, output)


@main.command()
@click.option(
    "--backend",
    "backends",
    multiple=True,
    type=click.Choice(list(BACKENDS)),
    help="Repeatable; if not given, all that can run here.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("default-float",),
    show_default=True,
    help=f"{MODEL_HELP} Repeatable; float ones are run in codes of 4 bits, 8, and 4 with 8.",
)
@click.option(
    "--seconds",
    default=1.0,
    type=click.FloatRange(0, 3600),
    show_default=True,
    help="Of work for each row, at least 20 blocks.",
)
@click.option("--json", "output", type=FILE, help="Write all figures here.")
@click.option("--plot", type=FILE, help="Draw the roofline here (.png, .pdf or .svg).")
def bench(
    backends: tuple[str, ...],
    models: tuple[str, ...],
    seconds: float,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Time backends, count their bytes, and compare with NumPy in float32.

    Every figure is measured (by this machine's clock), counted (by hardware, real or virtual) or
    modelled, and says which.

    Example: nibblestream bench --backend virtual --json bench.json --plot roofline.png
    """
    from .bench import at_hand, picture, report, run, subjects

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
        report.write(results, _command(), output)
    if plot is not None:
        picture.draw(results.rows, plot)


@main.command()
@click.argument("model")
@click.option("--board", type=click.Choice(list(BOARDS)), help="Say what it takes on this one.")
@click.option("--clock", type=click.FloatRange(1, 1000), help="In MHz, if not the board's.")
@click.option("--block", type=click.IntRange(1, MAX_BLOCK), help="Frames, if not the most.")
def info(model: str, board: str | None, clock: float | None, block: int | None) -> None:
    """Describe a model: layers, formats, look-up tables, bytes.

    With a board also clocks, memory traffic and what the kernels take of it: all modelled.

    Example: nibblestream info default --board Pynq-Z2
    """
    if board is None and (clock, block) != (None, None):
        raise click.UsageError("--clock and --block say more about a --board: name one")
    found = load_model(model)
    on_board = cycles.report(found, BOARDS[board], clock, block) if board else ""
    click.echo(found.describe())
    with Enhancer(found) as enhancer:
        click.echo(f"\n{enhancer.traffic}")
    if board:
        click.echo(f"\n{on_board}\n\n{resources.report(BOARDS[board])}")


def _refuse_same(output: Path, source: Path) -> None:
    if output.exists() and source.exists() and output.samefile(source):
        raise click.UsageError(f"{output} is the input itself; name another file to write")


def _command() -> str:
    return shlex.join(["nibblestream", *sys.argv[1:]])
