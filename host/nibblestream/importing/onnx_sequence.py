"""ONNX graphs with recurrent layers: the shape of their inputs, and the graph of one step."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from .sequences import Shape, split


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
    """
    leading, row = split(sizes)
    given = known[-len(row) :] if known is not None and len(known) >= len(row) else row
    return leading, tuple(a or b or 1 for a, b in zip(row, given, strict=True))


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
