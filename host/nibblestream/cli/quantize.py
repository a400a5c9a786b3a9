"""`nibblestream quantize`: quantize a float model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ..evaluate.noisy import mixed, recordings
from ..network.float_model import FloatModel
from ..network.scheme import NAMES
from ..quantize import Calibration
from ..quantize import quantize as quantize_model
from .options import FILE, PerLayer, model_target, refuse_same


@click.command()
@click.argument("float_model")
@click.option("-o", "--output", required=True, type=FILE, help="Quantized model to write (.npz).")
@click.option(
    "--scheme", default="rs-vbs", type=PerLayer(str), show_default=True, help=", ".join(NAMES)
)
@click.option("--bits", default=4, type=PerLayer(int), show_default=True, help="2, 3, 4 or 8.")
@click.option("--layer-bits", type=PerLayer(int), help="Bits of each layer, for example 4,8.")
@click.option("--m", default=8, type=PerLayer(int), show_default=True, help="Width of a LUT entry.")
@click.option("--k", type=PerLayer(int), help="Virtual bit shift; searched for by default.")
@click.option("--ratio", default=1.0, type=PerLayer(float), show_default=True)
@click.option("--p-start", default=0.04, type=PerLayer(float), show_default=True)
@click.option("--p-stop", default=0.96, type=PerLayer(float), show_default=True)
@click.option(
    "--budget",
    type=click.IntRange(1),
    help="Bytes of codes; the bits of each layer are chosen to fit.",
)
@click.option(
    "--calibration",
    "recorded",
    multiple=True,
    type=FILE,
    help="File or folder of noisy speech. Repeatable.",
)
@click.option("--speech", type=FILE, help="Instead: folder of clean speech; requires --noise.")
@click.option("--noise", type=FILE, help="Folder of noise.")
def quantize(
    float_model: str,
    output: Path,
    layer_bits: Any,
    recorded: tuple[Path, ...],
    speech: Path | None,
    noise: Path | None,
    **options: Any,
) -> None:
    """Quantize a float model's weights to codes and look-up tables, without retraining.

    Every option up to --p-stop takes one value, or one per layer separated by commas. 8-bit codes
    have no table, so if one scheme is given for all layers, 8-bit layers become uniform.

    fisher, gptq, refit, distil and auto fit the codes to noisy speech of the kind the network will
    enhance: recordings, or mixtures of speech and noise. Without calibration, auto is kmeans.

    Example: nibblestream quantize default-float -o mixed.npz --scheme rs-vbs --layer-bits 4,8

    Example: nibblestream quantize mine.npz -o best.npz --scheme auto --calibration noisy/
    """
    model_target(output)
    for source in (Path(float_model), *recorded):
        refuse_same(output, source)
    _check_sources(options["budget"], layer_bits, recorded, speech, noise)
    options["bits"] = options["bits"] if layer_bits is None else layer_bits
    scheme, bits = options["scheme"], options["bits"]
    if isinstance(scheme, str) and not scheme.startswith("u"):
        uniform = "u" if scheme.startswith("rs") else "u-vbs"
        if isinstance(bits, tuple):
            options["scheme"] = tuple(uniform if b == 8 else scheme for b in bits)
        elif bits == 8:
            options["scheme"] = uniform
    float_net = FloatModel.load(float_model)
    model = quantize_model(float_net, **options, calibration=_calibration(recorded, speech, noise))
    replace(model, name=output.stem).save(output)
    widths = ",".join(str(layer.bits) for layer in model.layers)
    click.echo(
        f"{output}: {widths} bits, {model.ideal_bytes:,} bytes of codes, "
        f"{model.stream_bytes:,} as streamed"
    )


def _check_sources(
    budget: int | None,
    layer_bits: Any,
    recorded: tuple[Path, ...],
    speech: Path | None,
    noise: Path | None,
) -> None:
    if (speech is None) != (noise is None):
        raise click.UsageError("give both --speech and --noise, or neither")
    if recorded and speech is not None:
        raise click.UsageError("give either --calibration, or --speech and --noise")
    source = click.get_current_context().get_parameter_source("bits")
    given = layer_bits is not None or source is ParameterSource.COMMANDLINE
    if budget is not None and given:
        raise click.UsageError("--budget chooses the bits: give either, not both")


def _calibration(
    recorded: tuple[Path, ...], speech: Path | None, noise: Path | None
) -> Calibration | None:
    if recorded:
        return Calibration(recordings(recorded))
    if speech is None or noise is None:
        return None
    return Calibration(mixed(speech, noise))
