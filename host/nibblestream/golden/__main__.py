"""``python -m nibblestream.golden FOLDER [GEOMETRY]``: write the golden vectors of all kernels."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from ..geometry import DEFAULT
from ..hardware import boards
from . import lut_mac, polar
from .block import write

KERNELS = {
    "cordic_vectoring": polar.vectoring,
    "lut_mac": lut_mac.lut_mac,
    "cordic_rotation": polar.rotation,
}


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("geometry", default=str(DEFAULT))
def main(folder: Path, geometry: str) -> None:
    """Write the golden vectors of each kernel to FOLDER, for kernels of a board or GEOMETRY.

    Example: python -m nibblestream.golden build/golden 16x8
    """
    try:
        chosen = boards.geometry_of(geometry)
        folder.mkdir(parents=True, exist_ok=True)
        for number, (kernel, blocks) in enumerate(KERNELS.items()):
            path = folder / f"{kernel}.bin"
            write(path, number, list(blocks(np.random.default_rng(number), chosen)))
            click.echo(path)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main(prog_name="python -m nibblestream.golden")
