"""`nibblestream quantize`: quantize a float model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy.typing as npt
from click.core import ParameterSource

from ..evaluate.noisy import mixed, recordings
from ..geometry import CHOICES
from ..network.float_model import FloatModel
from ..network.front import Plain
from ..network.model import load_model
from ..network.scheme import NAMES
from ..predict import reading
from ..predict.inputs import NUMBERS, Inputs
from ..quantize import Calibration
from ..quantize import quantize as quantize_model
from ..spec import ACTIVATION_BITS
from .options import FILE, PerLayer, model_target, naming, refuse_same


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
    "--activation-bits",
    type=click.Choice([*map(str, CHOICES["bits"])]),
    default=str(ACTIVATION_BITS),
    show_default=True,
    help="Most bits of an activation; 18 for kernels of a geometry with -bits18.",
)
@click.option(
    "--calibration",
    "recorded",
    multiple=True,
    type=FILE,
    help="File or folder of noisy speech; rows in a .npy, .npz or .csv file, which are one "
    "sequence if the network has memory. Repeatable.",
)
@click.option("--speech", type=FILE, help="Instead: folder of clean speech; requires --noise.")
@click.option("--noise", type=FILE, help="Folder of noise.")
def quantize(
    float_model: str,
    output: Path,
    layer_bits: Any,
    activation_bits: str,
    recorded: tuple[Path, ...],
    speech: Path | None,
    noise: Path | None,
    **options: Any,
) -> None:
    """Quantize a float model's weights to codes and look-up tables, without retraining.

    Every option up to --p-stop takes one value, or one per layer separated by commas. 8-bit codes
    have no table, so 8-bit layers become uniform where the scheme has tables.

    fisher, gptq, refit, distil and auto fit the codes to data of the kind the network will be
    given: noisy speech (recordings, or mixtures of speech and noise), or rows of numbers for a
    network that is not for speech, whose ranges of inputs are then taken from them, too. A network
    with memory runs through each recording, or each file of rows, from an empty state. Without
    calibration, auto is kmeans.

    Example: nibblestream quantize mlp-float -o mixed.npz --scheme rs-vbs --layer-bits 4,8

    Example: nibblestream quantize mine.npz -o best.npz --scheme auto --calibration noisy/

    Example: nibblestream quantize digits.npz -o digits4.npz --scheme auto --calibration digits.npy
    """
    model_target(output)
    for source in (Path(float_model), *recorded):
        refuse_same(output, source)
    _check_sources(options["budget"], layer_bits, recorded, speech, noise)
    network = _float(float_model)
    layers = len(network.weights)
    if isinstance(layer_bits, tuple) and len(layer_bits) != layers:
        raise ValueError(f"layer-bits has {len(layer_bits)} values, the model has {layers} layers")
    options["bits"] = options["bits"] if layer_bits is None else layer_bits
    options["activation_bits"] = int(activation_bits)
    data = _calibration(network, recorded, speech, noise)
    model = quantize_model(network, **options, calibration=data)
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
    bits = source is ParameterSource.COMMANDLINE
    if bits and layer_bits is not None:
        raise click.UsageError("--layer-bits replaces --bits: give either, not both")
    if budget is not None and (bits or layer_bits is not None):
        raise click.UsageError("--budget chooses the bits: give either, not both")


def _float(name: str) -> FloatModel:
    model = load_model(name)
    if isinstance(model, FloatModel):
        return model
    raise ValueError(
        f"{name} is quantized already: quantize the float model that it was made from"
        + (f", which has the digest {model.origin}" if model.origin else "")
    )


def _calibration(
    model: FloatModel, recorded: tuple[Path, ...], speech: Path | None, noise: Path | None
) -> Calibration | list[npt.NDArray[Any]] | None:
    if isinstance(model.front, Plain):
        if speech is not None:
            raise click.UsageError(
                f"--speech and --noise are for speech, but {model.name} takes rows of "
                f"{model.inputs} numbers: give them by --calibration"
            )
        return _rows(Inputs(model.front, model.inputs), recorded) if recorded else None
    for path in recorded:
        if path.suffix.lower() in reading.SUFFIXES:
            raise ValueError(f"{path}: {model.name} is for speech; expected recordings, not rows")
    if recorded:
        return Calibration(recordings(recorded))
    if speech is None or noise is None:
        return None
    return Calibration(mixed(speech, noise))


def _rows(inputs: Inputs, paths: tuple[Path, ...]) -> list[npt.NDArray[Any]]:
    """Return the rows of each file, which are one sequence for a network with memory."""
    found = []
    for path in paths:
        rows = reading.read(path)
        with naming(str(path)):
            found.append(inputs.array(rows, NUMBERS))
    return found
