"""ONNX graphs: fields of the protocol buffer, changed wherever they are."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message
from mutation import flipped, number
from onnx import TensorProto, helper, numpy_helper
from trial import scratch

from nibblestream.importing import from_onnx
from nibblestream.network.float_model import FloatModel

REFUSALS = (ValueError,)
INPUTS, HIDDEN, OUTPUTS = 3, 4, 2
TEXTS = ("", "x", "y", "h", "Relu", "Tanh", "Sigmoid", "MatMul", "Add", "Reshape", "Concat", "Clip",
         "transB", "alpha", "axis", "Softmax", "Transpose", "ai.onnx.ml", "Flatten", "Gather",
         "Expand", "ConstantOfShape", "Loop", "If", "Tile", "Pad", "Range")  # fmt: skip
_PATH = scratch() / "net.onnx"


def seeds() -> list[bytes]:
    """Return small networks: dense ones with activations, and a GRU."""
    dense = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1),
        helper.make_node("LeakyRelu", ["h"], ["r"], alpha=0.25),
        helper.make_node("MatMul", ["r", "v"], ["y"]),
    ]
    moved = [
        helper.make_node("Reshape", ["x", "shape"], ["f"]),
        helper.make_node("Mul", ["f", "scale"], ["s"]),
        helper.make_node("MatMul", ["s", "t"], ["m"]),
        helper.make_node("Clip", ["m", "low", "high"], ["c"]),
        helper.make_node("Gemm", ["c", "v", "a"], ["z"]),
        helper.make_node("ConstantOfShape", ["one"], ["e"]),
        helper.make_node("Add", ["z", "e"], ["y"]),
    ]
    gru = [
        helper.make_node("GRU", ["x", "W", "R", "B"], ["g"], hidden_size=2, linear_before_reset=1),
        helper.make_node("Squeeze", ["g", "one"], ["q"]),
        helper.make_node("MatMul", ["q", "o"], ["y"]),
    ]
    return [
        _graph(dense, (None, INPUTS), (None, OUTPUTS)),
        _graph(moved, (1, INPUTS), (1, OUTPUTS)),
        _graph(gru, (5, 1, INPUTS), (5, 1, OUTPUTS)),
    ]


def mutate(data: bytes, rng: Random) -> bytes:
    """Change a field, repeat, remove or copy a message, or change any byte."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return flipped(data, rng)
    if rng.random() < 0.05:
        return flipped(data, rng)
    for _ in range(rng.choice((1, 1, 2))):
        _alter(rng.choice(list(_messages(model))), rng)
    return model.SerializeToString()


def read(data: bytes) -> FloatModel:
    """Import a network from a file; the import compares it with ONNX's own evaluator."""
    _PATH.write_bytes(data)
    return from_onnx(_PATH)


def verify(data: bytes, found: FloatModel) -> None:
    """Check that the model computes finite numbers."""
    assert found.inputs > 0
    assert np.isfinite(found(np.ones((2, found.inputs)))).all()


def _graph(nodes: list[Any], given: tuple[Any, ...], made: tuple[Any, ...]) -> bytes:
    rng = np.random.default_rng(8)
    shapes = {
        "w": (HIDDEN, INPUTS), "b": (HIDDEN,), "v": (HIDDEN, OUTPUTS), "a": (OUTPUTS,),
        "scale": (INPUTS,), "t": (INPUTS, HIDDEN), "low": (), "high": (),
        "W": (1, 6, INPUTS), "R": (1, 6, 2), "B": (1, 12), "o": (2, OUTPUTS),
    }  # fmt: skip
    constants = {name: rng.normal(0, 1, shape).astype("f4") for name, shape in shapes.items()}
    constants |= {"low": np.float32(-0.5), "high": np.float32(0.75)}
    constants |= {"shape": np.array([-1, INPUTS]), "one": np.array([1])}
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, made)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items() if n in used],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def _messages(message: Message) -> Any:
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if _repeated(value) else [value]:
                yield from _messages(one)


def _repeated(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))


def _alter(message: Any, rng: Random) -> None:
    fields = message.ListFields()
    if not fields:
        return
    field, value = rng.choice(fields)
    name = field.name
    if field.message_type is not None and not _repeated(value):
        message.ClearField(name)
    elif field.message_type is not None:
        how, at = rng.randrange(3), rng.randrange(len(value))
        if how == 0:
            del value[at]
        elif how == 1:
            value.add().CopyFrom(value[at])
        else:
            value[at].CopyFrom(value[rng.randrange(len(value))])
    elif _repeated(value):
        at = rng.randrange(len(value))
        if rng.random() < 0.3:
            del value[at]
        else:
            value[at] = _scalar(value[at], rng)
    else:
        with suppress(ValueError):  # no value of an enumeration
            setattr(message, name, _scalar(value, rng))


def _scalar(value: Any, rng: Random) -> Any:
    if isinstance(value, bytes):
        return flipped(value, rng)
    if isinstance(value, str):
        return rng.choice(TEXTS)
    if isinstance(value, float):
        return rng.choice((0.0, -1.0, 0.5, 1e30, float("inf"), float("nan")))
    return min(max(number(rng), 0), 30) if rng.random() < 0.7 else number(rng) % 2**31
