"""`nibblestream finetune`: quantize a float model with retraining."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..network.float_model import FloatModel
from .options import FILE, PerLayer, command_line, model_target, refuse_same


@click.command()
@click.argument("float_model")
@click.option("-o", "--output", required=True, type=FILE, help="Quantized model to write (.npz).")
@click.option(
    "--bits",
    default=2,
    type=PerLayer(int),
    show_default=True,
    help="2, 3 or 4; one value, or one per layer.",
)
@click.option("--speech", required=True, type=FILE, help="Folder of clean speech.")
@click.option("--noise", required=True, type=FILE, help="Folder of noise.")
@click.option("--val-speech", type=FILE, help="Speech to validate on; default as for train.")
@click.option("--val-noise", type=FILE, help="Noise to validate on; default as for train.")
@click.option(
    "--steps", type=click.IntRange(1), help="Training steps, each a batch of 8 clips of 3 s."
)
@click.option("--seed", default=0, type=click.IntRange(0, 2**63 - 1), show_default=True)
def finetune(float_model: str, output: Path, **options: Any) -> None:
    """Quantize a float model with retraining (`quantize` does so without).

    Codes, look-up tables and biases are trained jointly, on the float model's outputs and on clean
    speech. The result runs on every backend. An interrupted run is resumed.

    Example: nibblestream finetune mlp-float -o two.npz --bits 2 --speech librispeech
    --noise demand
    """
    from ..train.run import finetune as run

    model_target(output)
    refuse_same(output, Path(float_model))
    model = run(output, FloatModel.load(float_model), command=command_line(), **options)
    click.echo(f"{output}: {model.ideal_bytes:,} bytes of codes, fine-tuned")
