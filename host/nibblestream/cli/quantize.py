"""Quantize a float model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..files import target
from ..float_model import FloatModel
from ..quantize import quantize as quantize_model
from ..scheme import NAMES
from .options import FILE, PerLayer, refuse_same


@click.command()
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
    refuse_same(output, Path(float_model))
    replace(model, name=output.stem).save(output)
    click.echo(
        f"{output}: {model.ideal_bytes:,} bytes of codes, {model.stream_bytes:,} as streamed"
    )
