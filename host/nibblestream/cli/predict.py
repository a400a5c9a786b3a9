"""`nibblestream predict`: run rows of numbers through a network."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from ..console import progress_bar
from ..geometry import Geometry
from ..network.float_model import FloatModel
from ..predict import reading, table, writing
from ..predict.predictor import Predictor
from .options import BACKEND, FILE, GEOMETRY, GEOMETRY_HELP, naming, refuse_same

PIPE = Path("-")


@click.command()
@click.argument("model")
@click.argument("source", metavar="IN", type=FILE)
@click.option(
    "-o", "--output", required=True, metavar="OUT", type=FILE,
    help="File to write (.npy, .npz, .csv), or -.",
)  # fmt: skip
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--geometry", type=GEOMETRY, help=GEOMETRY_HELP)
@click.option(
    "--integers", is_flag=True, help="Rows of integers in the model's formats, in and out."
)
def predict(
    model: str,
    source: Path,
    output: Path,
    backend: str,
    geometry: Geometry | None,
    integers: bool,
) -> None:
    """Run rows of numbers through a network that is not for speech.

    IN is an array (n, inputs) in a .npy file, a .npz file of one array, or a table in a .csv file,
    with or without a heading. OUT is an array (n, outputs). Either can be "-", for a table on
    standard input or output.

    Example: nibblestream predict digits4.npz digits.npy -o scores.npy

    Example: nibblestream predict wine4.npz wine.csv -o classes.csv --backend csim
    """
    if output != PIPE:
        writing.check_target(output)
        for read in (source, Path(model)):
            refuse_same(output, read)
    with Predictor(model, backend, geometry) as net:
        x = _read(source, integers)
        start = time.perf_counter()
        with naming(_name(source)):
            rows = _predicted(net, x, output, integers)
        seconds = time.perf_counter() - start
        where = "standard output" if output == PIPE else output
        click.echo(_summary(where, rows, seconds, net), err=output == PIPE)


def _read(source: Path, integers: bool) -> npt.NDArray[Any]:
    if source == PIPE:
        found: npt.NDArray[Any] = table.parse(sys.stdin, _name(source))
    else:
        found = reading.read(source)
    text = source == PIPE or source.suffix.lower() == ".csv"
    return table.whole(found, _name(source)) if integers and text else found


def _predicted(net: Predictor, x: npt.NDArray[Any], output: Path, integers: bool) -> int:
    """Write the outputs of all rows, and return how many rows there are."""
    blocks = net.stream(x, integers=integers)
    shape, dtype = (len(x), net.model.outputs), np.int32 if integers else np.float64
    with _output(output, shape, dtype) as write, progress_bar(len(x), "row") as advance:
        for rows in blocks:
            write(rows)
            advance(len(rows))
    return len(x)


@contextmanager
def _output(output: Path, shape: tuple[int, int], dtype: npt.DTypeLike) -> Iterator[writing.Write]:
    if output == PIPE:
        yield lambda rows: table.write(sys.stdout, rows)
        return
    with writing.writing(output, shape, dtype) as write:
        yield write


def _name(path: Path) -> str:
    return "standard input" if path == PIPE else str(path)


def _summary(where: Path | str, rows: int, seconds: float, net: Predictor) -> str:
    model, traffic = net.model, net.traffic
    lines = [f"{where}: {rows:,} rows of {model.outputs} outputs, computed in {seconds:.2f} s"]
    if isinstance(model, FloatModel):
        return f"{lines[0]}, in float64"
    word, out = net.input_format, net.output_format
    lines.append(f"bits.fraction {word.bits}.{word.frac} in, {out.bits}.{out.frac} out")
    if traffic.counted:
        lines.append(str(traffic))
    else:
        lines.append(
            f"{traffic.padded:,} bytes of codes a pass, {traffic.passes:,} passes (from the layout)"
        )
    return "\n".join([*lines, str(net.saturated)])
