"""Reading of an ONNX graph: constants are folded, the other nodes computed on `Affine` values.

Constants are folded by ONNX's reference evaluator, node by node. The packages onnxsim 0.8 and
onnxslim 0.1 leave casts, quantized weights and computed shapes in the graph (tried 2026-10).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import inliner, numpy_helper
from onnx.reference import ReferenceEvaluator

from .affine import Affine
from .chain import Chain, Layer
from .check import Original
from .onnx_ops import MOVES, OPERATIONS, Node
from .onnx_sequence import check_inputs, filled, one_step, recurrent
from .refusal import NO_OUTPUT, advice, first_line, unsupported
from .sequences import Run, Shape, layouts, remembered

Array = npt.NDArray[Any]
Float = npt.NDArray[np.float64]

MOST_VALUES = 1 << 24  # that an Expand of constants makes: 128 MiB in float64
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)


def load(network: Any) -> onnx.ModelProto:
    """Read an ONNX file, by its path, or check a model in memory.

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    TypeError
        It is neither a path nor a model.
    ValueError
        It is damaged or not an ONNX file.
    """
    if not isinstance(network, (Path, onnx.ModelProto)):
        raise TypeError(f"found a {type(network).__name__}; expected a path or onnx.ModelProto")
    name = network if isinstance(network, Path) else "the model"
    if isinstance(network, Path):
        hint = advice(network)
        if not network.is_file() and hint is None:
            raise FileNotFoundError(f"{network}: no such file; expected an ONNX model")
        if hint is not None:
            raise ValueError(f"{hint}; expected an ONNX file")
    try:
        model = onnx.load(str(network)) if isinstance(network, Path) else network
        onnx.checker.check_model(model)
        return inliner.inline_local_functions(model)
    except Exception as error:  # protobuf and the checker have exception types of their own
        raise ValueError(
            f"{name}: not an ONNX model, or a damaged one, or its external data are missing: "
            f"{first_line(error)}"
        ) from error


def read(
    model: onnx.ModelProto, sizes: tuple[int, ...] | None
) -> tuple[tuple[Layer, ...], Original]:
    """Return the layers of a graph, and the graph to compare them with.

    Parameters
    ----------
    model : onnx.ModelProto
    sizes : tuple of int or None
        Shape of one row of inputs, for sizes that the graph leaves open; they are 1 otherwise.

    Raises
    ------
    ValueError
        The graph branches or a node is not supported; nodes are named as ``node 3 'fc1/MatMul'``.
    """
    folded = _folded(model)
    numbers = {name: i for i, node in enumerate(model.graph.node) for name in node.output}
    entry, dimensions = _entry(folded.graph)
    run = _evaluator(folded, entry)
    if not recurrent(folded):
        shape = _row(dimensions, sizes)
        check_inputs(math.prod(shape))
        return _layers(folded, entry, shape, numbers), Original(_by_row(run, shape))
    leading, row = filled(dimensions, sizes)
    step = (*(1 for _ in leading), *row)
    layers = _layers(one_step(folded, leading), entry, step, numbers)
    layout = remembered(run, layouts(leading, row))
    return layers, Original(layout.by_rows(run), layout=layout)


def _layers(
    model: onnx.ModelProto, entry: str, shape: Shape, numbers: dict[str, int]
) -> tuple[Layer, ...]:
    """Return the layers of a folded graph, by the name of its input and the shape of one row."""
    chain = Chain()
    values: dict[str, Any] = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    values[entry] = chain.start(shape)
    for proto in model.graph.node:
        output = next(filter(None, proto.output))
        where = f"node {numbers[output]} {proto.name or output!r}"
        try:
            values.update(_computed(chain, proto, values, model))
        except Exception as error:  # the evaluator's own, where shapes do not fit
            raise ValueError(f"{where}: {first_line(error)}") from error
    output = model.graph.output[0].name
    result = values.get(output)
    if result is None and any(output in proto.output for proto in model.graph.node):
        raise ValueError(f"the output {output!r} {NO_OUTPUT}")
    if not isinstance(result, Affine):
        raise ValueError("the outputs do not depend on the inputs")
    return chain.finish(result)


def _evaluator(model: onnx.ModelProto, entry: str) -> Run:
    """Return the graph as a function of its inputs, computed in float64."""
    evaluator = ReferenceEvaluator(model)

    def run(x: Float) -> Float:
        try:
            found: Any = evaluator.run(None, {entry: x})
        except Exception as error:
            raise ValueError(f"ONNX's evaluator cannot run it: {first_line(error)}") from error
        return np.asarray(found[0], np.float64)

    return run


def _by_row(run: Run, shape: Shape) -> Run:
    return lambda x: np.stack([run(row.reshape(shape)).ravel() for row in x])


def _folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without nodes that depend on no input, and with floats in float64."""
    constants = {t.name: _plain(numpy_helper.to_array(t)) for t in model.graph.initializer}
    kept = []
    for number, node in enumerate(model.graph.node):
        if all(name in constants for name in node.input if name):
            try:
                constants.update(_evaluated(node, constants, model))
            except Exception as error:
                where = f"node {number} {node.name or node.output[0]!r}"
                raise ValueError(f"{where}: {node.op_type}: {first_line(error)}") from error
        else:
            kept.append(_in_float64(node))
    used = {name for node in kept for name in node.input}
    folded = onnx.ModelProto()
    folded.CopyFrom(model)
    del folded.graph.node[:], folded.graph.initializer[:], folded.graph.value_info[:]
    folded.graph.node.extend(kept)
    folded.graph.initializer.extend(
        numpy_helper.from_array(_wide(array), name)
        for name, array in constants.items()
        if name in used
    )
    entries = [entry for entry in model.graph.input if entry.name not in constants]
    del folded.graph.input[:]
    folded.graph.input.extend(entries)
    return folded


def _check_expansion(x: npt.NDArray[Any], shape: npt.NDArray[Any]) -> None:
    """Refuse an Expand that does not fit or is out of all size: the evaluator would fill it."""
    size = math.prod(np.broadcast_shapes(x.shape, tuple(shape.ravel().tolist())))
    if size > MOST_VALUES:
        raise ValueError(f"Expand makes {size} values; expected {MOST_VALUES} or fewer")


def _evaluated(
    node: onnx.NodeProto, values: dict[str, Any], model: onnx.ModelProto
) -> dict[str, Any]:
    """Return the outputs of a node by name, computed by ONNX's reference evaluator."""
    names = [name for name in dict.fromkeys(node.input) if name]
    if node.op_type == "Expand":
        _check_expansion(*(np.asarray(values[name]) for name in node.input))
    graph = onnx.helper.make_graph(
        [node],
        "node",
        [onnx.helper.make_tensor_value_info(name, 0, None) for name in names],
        [onnx.helper.make_tensor_value_info(name, 0, None) for name in node.output if name],
    )
    imports, version = model.opset_import, model.ir_version
    if node.op_type in ("DequantizeLinear", "QuantizeLinear"):  # the evaluator has only new ones
        imports, version = [onnx.helper.make_opsetid("", 21)], max(version, 10)
    alone = onnx.helper.make_model(graph, opset_imports=imports, ir_version=version)
    found = ReferenceEvaluator(alone).run(None, {name: values[name] for name in names})
    outputs = [name for name in node.output if name]
    return {name: _plain(array) for name, array in zip(outputs, found, strict=True)}


def _computed(
    chain: Chain, proto: onnx.NodeProto, values: dict[str, Any], model: onnx.ModelProto
) -> dict[str, Any]:
    """Return the outputs of a node by name, at least one of whose inputs is computed."""
    for name in proto.input:
        if name and name not in values:
            raise ValueError(f"its input {name!r} {NO_OUTPUT}")
    inputs = [values[name] if name else None for name in proto.input]
    computed = [value for value in inputs if isinstance(value, Affine)]
    if not computed:
        return _evaluated(proto, values, model)
    if proto.op_type == "Shape":
        return _evaluated(proto, {proto.input[0]: computed[0].offset}, model)
    if proto.op_type in MOVES and computed == [inputs[0]]:
        given = {**values, proto.input[0]: computed[0].positions()}
        return {k: computed[0].moved(v) for k, v in _evaluated(proto, given, model).items()}
    if proto.op_type not in OPERATIONS or proto.domain not in ("", "ai.onnx"):
        raise unsupported(proto.op_type)
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}
    return {proto.output[0]: OPERATIONS[proto.op_type](Node(chain, inputs, attributes))}


def _entry(graph: onnx.GraphProto) -> tuple[str, Shape]:
    """Return the name of the only input, and its sizes, 0 for those that are left open."""
    if len(graph.output) != 1:
        names = ", ".join(output.name for output in graph.output)
        raise ValueError(f"the network gives {len(graph.output)} outputs ({names}); expected 1")
    if len(graph.input) != 1:
        names = ", ".join(entry.name for entry in graph.input)
        raise ValueError(
            f"the network takes {len(graph.input)} inputs ({names}); expected 1, without a state"
        )
    entry = graph.input[0]
    if not entry.type.tensor_type.HasField("shape"):
        raise ValueError(f"the input {entry.name!r} has no shape; export it with one")
    return entry.name, tuple(size.dim_value for size in entry.type.tensor_type.shape.dim)


def _row(sizes: Shape, known: Shape | None) -> Shape:
    """Return the shape of one row, with a batch of one if there is a batch."""
    if len(sizes) == 1:
        return sizes
    given = known if known is not None and len(known) == len(sizes) - 1 else sizes[1:]
    return (1, *(size or other or 1 for size, other in zip(sizes[1:], given, strict=True)))


def _plain(array: Any) -> Any:
    """Return bfloat16 as float32, which NumPy has; other arrays as they are."""
    return array.astype(np.float32) if getattr(array, "dtype", None) == "bfloat16" else array


def _wide(array: Any) -> Array:
    return array.astype(np.float64) if array.dtype.kind == "f" else np.asarray(array)


def _in_float64(node: onnx.NodeProto) -> onnx.NodeProto:
    """Return the node with casts to float types replaced by casts to float64."""
    wide = onnx.NodeProto()
    wide.CopyFrom(node)
    for attribute in wide.attribute:
        if wide.op_type == "Cast" and attribute.name == "to" and attribute.i in FLOATS:
            attribute.i = onnx.TensorProto.DOUBLE
    return wide
