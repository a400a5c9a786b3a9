"""Constraints on a network's topology: matching layer widths, and the rows that fit in a block."""

from __future__ import annotations

from collections.abc import Sequence

from .. import spec
from ..geometry import DEFAULT, Geometry
from .memory import Cell
from .recurrent import Recurrent

MAX_LAYERS = (1 << spec.MODEL_BEAT["layers"].bits) - 1


def taken(shape: tuple[int, ...], cell: Cell) -> int:
    """Return the number of values in a row of a layer's inputs.

    It is that of the weights' columns, but for a recurrent layer, whose matrix multiplies its own
    outputs: it takes a value for each of the weights' rows.
    """
    return shape[0] if isinstance(cell, Recurrent) else shape[-1]


def stored(shape: tuple[int, ...], cell: Cell) -> int:
    """Return the number of values in a row that a layer writes to the activation memory.

    It is that of the weights' rows, also if a memory then makes fewer outputs of them; a recurrent
    layer writes only its outputs.
    """
    return shape[0] // cell.sums if isinstance(cell, Recurrent) else shape[0]


def shape_of(outputs: int, inputs: int, cell: Cell) -> tuple[int, int]:
    """Return the shape (out, in) of the weights of a layer of `outputs` after one of `inputs`."""
    return outputs * cell.sums, outputs if isinstance(cell, Recurrent) else inputs


def check_topology(shapes: Sequence[tuple[int, ...]], cells: Sequence[Cell]) -> None:
    """Raise an error for a network that the hardware cannot run.

    Parameters
    ----------
    shapes : list of (int, int)
        (out, in) of each layer's weights.
    cells : sequence of Cell
        What follows each layer's matrix.

    Raises
    ------
    ValueError
        The number of layers or a width is out of range, or widths do not match.
    """
    if not 1 <= len(shapes) <= MAX_LAYERS:
        raise ValueError(f"the network has {len(shapes)} layers; expected 1 to {MAX_LAYERS}")
    if isinstance(cells[0], Recurrent):
        raise ValueError(
            "layer 0 is recurrent; expected an ordinary layer before it, for the sums of its inputs"
        )
    width = shapes[0][-1] if shapes[0] else 0
    if not 1 <= width <= spec.MAX_WIDTH:
        raise ValueError(f"the network has {width} inputs; expected 1 to {spec.MAX_WIDTH}")
    for i, (shape, cell) in enumerate(zip(shapes, cells, strict=True)):
        if isinstance(cell, Recurrent):
            _check_recurrent(i, shape, width)
        else:
            _check_layer(i, shape, width, cell.sums)
        width = shape[0] // cell.sums
    pairs = zip(shapes, cells, strict=True)
    units = sum(shape[0] // cell.sums for shape, cell in pairs if cell.sums > 1)
    if units > spec.MAX_UNITS:
        raise ValueError(
            f"the layers with memory have {units} units; expected {spec.MAX_UNITS} or fewer"
        )


def _check_layer(i: int, shape: tuple[int, ...], width: int, sums: int) -> None:
    if len(shape) != 2 or shape[1] != width or not 1 <= shape[0] <= spec.MAX_WIDTH:
        raise ValueError(
            f"layer {i}: weights have the shape {shape}; expected (out, {width}) "
            f"with 1 to {spec.MAX_WIDTH} outputs"
        )
    if shape[0] % sums:
        raise ValueError(
            f"layer {i}: {shape[0]} rows of weights; expected {sums} per unit of the memory"
        )


def _check_recurrent(i: int, shape: tuple[int, ...], width: int) -> None:
    if width % 3 or shape != (width, width // 3):
        raise ValueError(
            f"layer {i}: weights of a recurrent layer have the shape {shape} after a layer of "
            f"{width} outputs; expected (3 units, units) after 3 units outputs"
        )


def largest_block(shapes: Sequence[tuple[int, int]], geometry: Geometry = DEFAULT) -> int:
    """Return the largest number of rows that can share one pass over the codes; 0 if none fit.

    It is limited by the geometry's block and by the activation memory, which must hold a layer's
    inputs and outputs, a value per bank and word, for each group of `frame_lanes` rows.

    Parameters
    ----------
    shapes : sequence of (int, int)
        Values per row that each layer writes and takes: (out, in) of its weights, but see
        `stored` and `taken`.
    geometry : Geometry
    """
    words = max(-(-out // geometry.banks) + -(-inputs // geometry.banks) for out, inputs in shapes)
    groups = geometry.depth // words
    return min(groups * geometry.frame_lanes, geometry.block)


def check_hidden(widths: Sequence[int]) -> None:
    """Raise ValueError unless each hidden layer has 1 to `spec.MAX_WIDTH` neurons."""
    for width in widths:
        if not 1 <= width <= spec.MAX_WIDTH:
            raise ValueError(f"a hidden layer has {width} neurons; expected 1 to {spec.MAX_WIDTH}")
