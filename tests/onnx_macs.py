"""Weights and multiplications of peers, counted in what their packages hold."""

from __future__ import annotations

import ctypes
import io
import tarfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np

Shapes = dict[str, tuple[int, ...]]


def count(model: bytes) -> tuple[int, int]:
    """Return weights, and multiplications by them for one frame, of an ONNX graph."""
    import onnx

    graph = onnx.load_from_string(model).graph
    shapes = _shapes(model) | {each.name: tuple(each.dims) for each in graph.initializer}
    constant = {each.name for each in graph.initializer}
    weights = macs = 0
    for node in graph.node:
        if all(name in constant or not name for name in node.input):
            constant |= set(node.output)
        taken = [shapes.get(name, ()) for name in node.input]
        made = shapes.get(node.output[0], ())
        if node.op_type in ("Conv", "ConvTranspose"):
            size = np.prod(taken[1])
            places = (made if node.op_type == "Conv" else taken[0])[2:]
            weights, macs = weights + size, macs + size * np.prod(places)
        elif node.op_type in ("GRU", "LSTM"):
            size = np.prod(taken[1]) + np.prod(taken[2])
            weights, macs = weights + size, macs + size * taken[0][0] * taken[0][1]
        elif node.op_type in ("MatMul", "Einsum"):
            weights += np.prod(taken[1]) if node.input[1] in constant else 0
            macs += np.prod(taken[0]) * taken[1][-1]
    return int(weights), int(macs)


def _shapes(model: bytes) -> Shapes:
    """Return the shapes of all values for one frame, by running the graph with each an output."""
    import onnx
    import onnxruntime

    whole = onnx.load_from_string(model)
    given = {each.name for each in whole.graph.output}
    values = [name for node in whole.graph.node for name in node.output if name]
    more = [onnx.ValueInfoProto(name=name) for name in values if name not in given]
    whole.graph.output.extend(more)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options)
    inputs = {
        each.name: np.ones([n if isinstance(n, int) else 1 for n in each.shape], np.float32)
        for each in session.get_inputs()
    }
    names = [each.name for each in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, inputs), strict=True))
    return {name: value.shape for name, value in {**inputs, **outputs}.items()}


def of_archive(distribution: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield `count` of each graph in an archive that a distribution holds."""
    file = next(f for f in metadata.files(distribution) or () if f.name == name)
    with tarfile.open(fileobj=io.BytesIO(Path(str(file.locate())).read_bytes())) as archive:
        for member in archive:
            if member.name.endswith(".onnx"):
                content = archive.extractfile(member)
                assert content is not None
                yield count(content.read())


class _Array(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("size", ctypes.c_int),
        ("data", ctypes.c_void_p),
    )


def of_rnnoise() -> dict[str, int]:
    """Return the bytes of each array of weights in RNNoise's library, by name."""
    from pyrnnoise import rnnoise

    at = ctypes.addressof(ctypes.c_char.in_dll(rnnoise.lib, "rnnoise_arrays"))
    found = {}
    while name := (array := _Array.from_address(at)).name:
        found[name.decode()] = array.size
        at += ctypes.sizeof(_Array)
    return {name: size for name, size in found.items() if "_weights_" in name}
