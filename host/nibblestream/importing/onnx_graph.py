"""Conversion of an ONNX graph to a chain of steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from ..network.topology import INPUTS
from .chain import Linear, Step
from .check import Original
from .onnx_node import Node, constant, step

Float = npt.NDArray[np.float64]


def load(path: Path) -> onnx.ModelProto:
    """Read an ONNX file.

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    ValueError
        It is damaged or not an ONNX file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected an ONNX model")
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf and the checker have exception types of their own
        reason = str(error).strip().splitlines() or ["no details"]
        raise ValueError(f"{path}: not an ONNX model, or a damaged one: {reason[0]}") from error
    return model


def original(model: onnx.ModelProto) -> Original:
    """Return a function that evaluates the graph frame by frame.

    It uses ONNX's reference evaluator in float64.

    Raises
    ------
    ValueError
        The input does not have 1032 values for one frame.
    """
    evaluator, entry = ReferenceEvaluator(_in_float64(model)), _entry(model.graph)
    shape = [size.dim_value or 1 for size in entry.type.tensor_type.shape.dim]
    if math.prod(shape) != INPUTS:
        raise ValueError(
            f"the input {entry.name!r} has the shape {shape} for one frame; expected {INPUTS} "
            "values"
        )

    def run(x: Float) -> Float:
        answers: list[Any] = [evaluator.run(None, {entry.name: f.reshape(shape)}) for f in x]
        return np.stack([np.asarray(first, np.float64).ravel() for first, *_ in answers])

    return run


def steps(model: onnx.ModelProto) -> Iterator[Step]:
    """Yield the steps of a graph in order.

    Raises
    ------
    ValueError
        The graph branches or a node is not supported; nodes are named as ``node 3 'fc1/MatMul'``.
    """
    graph = model.graph
    constants: dict[str, npt.NDArray[Any]] = {
        tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer
    }
    given, width = _entry(graph).name, INPUTS
    for number, proto in enumerate(graph.node):
        node = Node.read(proto, number, given, constants)
        if node.kind == "Constant":
            constants[node.output] = constant(node)
            continue
        if node.inputs.count(given) != 1:
            raise ValueError(
                f"{node.where} takes {', '.join(node.inputs)}; expected a chain without branches, "
                f"in which it takes {given!r}"
            )
        found = step(node, width)
        if isinstance(found, Linear):
            width = len(found.weights)
        if found is not None:
            yield found
        given = node.output
    if [output.name for output in graph.output] != [given]:
        names = ", ".join(output.name for output in graph.output)
        raise ValueError(f"the outputs are {names}; expected only {given!r}, of the last node")


def _in_float64(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of the model with all floating-point constants converted to float64."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    values = (a.t for node in wide.graph.node for a in node.attribute if a.name == "value")
    for tensor in (*wide.graph.initializer, *values):
        array = numpy_helper.to_array(tensor)
        if array.dtype.kind == "f":
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float64), tensor.name))
    return wide


def _entry(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    initial = {tensor.name for tensor in graph.initializer}
    entries = [entry for entry in graph.input if entry.name not in initial]
    if len(entries) != 1:
        raise ValueError(f"the network has {len(entries)} inputs; expected one")
    entry: onnx.ValueInfoProto = entries[0]
    return entry
