"""ONNX graphs with recurrent layers: the shape of their inputs, and the graph of one step."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import onnx
from onnx import numpy_helper

from .. import spec
from .sequences import Shape, split

MOST_STEPS: Final = 8192  # of sequences that are compared with the original


def recurrent(model: onnx.ModelProto) -> bool:
    """Return whether a graph has a recurrent layer that is read, so that it takes sequences."""
    return any(node.op_type == "GRU" for node in model.graph.node)


def filled(sizes: Shape, known: Shape | None) -> tuple[Shape, Shape]:
    """Return the sizes of steps and batch, 0 for any, and the shape of a row.

    Parameters
    ----------
    sizes : tuple of int
        As the graph tells them, 0 for a size that it leaves open.
    known : tuple of int or None
        Sizes of an example, of which the last are those of a row.

    Raises
    ------
    ValueError
        Steps or inputs are too many.
    """
    leading, row = split(sizes)
    steps = math.prod(size or 1 for size in leading)
    if steps > MOST_STEPS:
        raise ValueError(
            f"the network takes {steps} steps; expected at most {MOST_STEPS}, or any number: "
            "export it with a dynamic axis"
        )
    given = known[-len(row) :] if known is not None and len(known) >= len(row) else row
    row = tuple(a or b or 1 for a, b in zip(row, given, strict=True))
    check_inputs(math.prod(row))
    return leading, row


def check_inputs(count: int) -> None:
    """Raise ValueError for a row of more values than any layer takes, before it is allocated."""
    if not 1 <= count <= spec.MAX_WIDTH:
        raise ValueError(f"the network takes {count} inputs a row; expected 1 to {spec.MAX_WIDTH}")


def one_step(model: onnx.ModelProto, sizes: Shape) -> onnx.ModelProto:
    """Return a graph for one step, where the shapes of its reshapes name fixed numbers.

    Exporters write the steps and the batch of their example into shapes, before the features.

    Parameters
    ----------
    model : onnx.ModelProto
    sizes : tuple of int
        Of steps and batch in the inputs, in any order; 0 for any.
    """
    fixed = [size for size in sizes if size > 1]
    fixed += [math.prod(fixed)] if len(fixed) > 1 else []
    targets = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    single = onnx.ModelProto()
    single.CopyFrom(model)
    for tensor in single.graph.initializer:
        if tensor.name in targets:
            shape = _with_ones(numpy_helper.to_array(tensor).tolist(), fixed)
            tensor.CopyFrom(numpy_helper.from_array(np.array(shape, np.int64), tensor.name))
    return single


def _with_ones(shape: list[int], fixed: list[int]) -> list[int]:
    """Return a shape with 1 in place of the first of each number, before a -1."""
    leading = shape[: shape.index(-1)] if -1 in shape else shape[:]
    for size in fixed:
        if size in leading:
            leading[leading.index(size)] = 1
    return leading + shape[len(leading) :]
