"""`nibblestream import`: import an ONNX network."""

from __future__ import annotations

from pathlib import Path

import click

from ..network.topology import FEATURES, HEADS
from .options import FILE, model_target, refuse_same


@click.command("import")
@click.argument("network", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="Float model to write (.npz).")
@click.option(
    "--features",
    required=True,
    type=click.Choice(list(FEATURES)),
    help="Input features of the network.",
)
@click.option(
    "--head",
    required=True,
    type=click.Choice(list(HEADS)),
    help="Meaning of the network's outputs.",
)
@click.option(
    "--gain-floor",
    default=0.0,
    type=click.FloatRange(0, 1),
    show_default=True,
    help="Smallest gain, for --head gain.",
)
def import_(network: Path, output: Path, features: str, head: str, gain_floor: float) -> None:
    """Import an ONNX network of Linear layers with or without ReLU, as a float model.

    The model is checked against ONNX's reference evaluator before it is written. PyTorch files are
    not supported, as opening a pickle can run code and a TorchScript file is a program. Export to
    ONNX with torch.onnx.export, or call nibblestream.importing.from_torch with the module.

    Example: nibblestream import mask.onnx -o mask.npz --features log2 --head gain --gain-floor 0.1
    """
    from ..importing import from_onnx

    model_target(output)
    if network.suffix in (".pt", ".pth", ".pt2", ".ckpt", ".bin", ".pkl"):
        raise click.UsageError(
            f"{network} is a PyTorch file, and opening one can run code; expected an ONNX "
            "file: write one with torch.onnx.export, or call nibblestream.importing.from_torch"
        )
    model = from_onnx(
        network, features=features, head=head, gain_floor=gain_floor, name=output.stem
    )
    refuse_same(output, network)
    model.save(output)
    click.echo(f"{output}: the same outputs as {network}\n{model.describe()}")
