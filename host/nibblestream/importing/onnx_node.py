"""Conversion of one ONNX node to a step (https://onnx.ai/onnx/operators)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from .chain import Clip, Linear, Scale, Step

DTYPES = ("float16", "float32", "float64")

Array = npt.NDArray[Any]
Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Node:
    """An ONNX node.

    Parameters
    ----------
    where : str
        Number and name, for messages.
    kind : str
        Operator type.
    given : str
        Name of the output of the chain's previous node.
    inputs : list of str
        Names of the inputs.
    output : str
        Name of the output.
    attributes : dict
        Attribute values by name.
    constants : mapping of str to array
        Constants of the graph by name.
    """

    where: str
    kind: str
    given: str
    inputs: list[str]
    output: str
    attributes: dict[str, Any]
    constants: Mapping[str, Array]

    @classmethod
    def read(
        cls, proto: onnx.NodeProto, number: int, given: str, constants: Mapping[str, Array]
    ) -> Node:
        """Read a node.

        `number` counts from 0; `constants` are the graph's initializers and earlier Constant nodes.
        """
        output = next(iter(proto.output), "")
        return cls(
            where=f"node {number} {proto.name or output!r}",
            kind=proto.op_type,
            given=given,
            inputs=list(proto.input),
            output=output,
            attributes={a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute},
            constants=constants,
        )

    def refusal(self, why: str) -> ValueError:
        """Return a ValueError that names the node."""
        return ValueError(f"{self.where}: {self.kind} {why}")

    def constant(self, index: int) -> Array | None:
        """Return a constant input, or None if the node has no such input."""
        name = self.inputs[index] if index < len(self.inputs) else ""
        if name and name not in self.constants:
            raise self.refusal(f"takes {name!r}, which is computed; expected a constant")
        return self.constants[name] if name else None

    def values(self, index: int, default: float = 0.0) -> Float:
        """Return a constant input as float64, or `default` if the node has no such input."""
        array = self.constant(index)
        if array is None:
            return np.array([default])
        if array.dtype.name not in DTYPES:
            raise self.refusal(
                f"takes {self.inputs[index]!r} of {array.dtype}; expected {', '.join(DTYPES)}"
            )
        return array.astype(np.float64)


def step(node: Node, width: int) -> Step | None:
    """Return the step of a node with `width` input values per frame; None if it changes nothing.

    Raises
    ------
    ValueError
        The operator, or one of its attributes or inputs, is not supported.
    """
    if node.kind not in _NODES:
        raise node.refusal(f"is not supported; expected {', '.join(sorted(_NODES))}")
    if node.kind != "Add" and node.inputs[0] != node.given:
        raise node.refusal(
            f"takes {node.given!r} after {node.inputs[0]!r}; expected it as first input"
        )
    return _NODES[node.kind](node, width)


def constant(node: Node) -> Array:
    """Return the value of a Constant node."""
    for name, value in node.attributes.items():
        if name == "value":
            return np.asarray(numpy_helper.to_array(value))
        if name in ("value_float", "value_floats", "value_int", "value_ints"):
            return np.asarray(value)
    raise node.refusal(f"holds {', '.join(node.attributes)}; expected numbers")


def _gemm(node: Node, width: int) -> Linear:
    if node.attributes.get("transA"):
        raise node.refusal("has transA, which swaps frames and inputs; expected transA=0")
    weights = node.values(1)
    weights = weights if node.attributes.get("transB") else weights.T
    alpha, beta = (float(node.attributes.get(name, 1)) for name in ("alpha", "beta"))
    return Linear(node.where, alpha * weights, beta * _row(node, 2, len(weights)))


def _matmul(node: Node, width: int) -> Linear:
    weights = node.values(1).T
    if weights.ndim != 2:
        raise node.refusal(f"has weights of shape {weights.shape[::-1]}; expected (in, out)")
    return Linear(node.where, weights, np.zeros(len(weights)))


def _add(node: Node, width: int) -> Scale:
    offset = _row(node, 1 - node.inputs.index(node.given), width)
    return Scale(node.where, np.ones(width), offset)


def _row(node: Node, index: int, width: int) -> Float:
    """Return a constant input as one row of `width` values, to be added to each frame."""
    values = node.values(index)
    if values.size not in (1, width) or values.shape[-1:] not in ((), (1,), (width,)):
        raise node.refusal(f"adds values of shape {values.shape}; expected ({width},)")
    return np.broadcast_to(values.ravel(), (width,))


def _batch_norm(node: Node, width: int) -> Scale:
    scale, offset, mean, variance = (node.values(i) for i in range(1, 5))
    factor = scale / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    return Scale(node.where, factor, offset - mean * factor)


def _clip(node: Node, width: int) -> Clip:
    """Return a Clip; its limits are inputs, or attributes before version 11 of the operator."""
    low, high = (
        node.values(index, node.attributes.get(name, default)).item()
        for index, name, default in ((1, "min", -math.inf), (2, "max", math.inf))
    )
    return Clip(node.where, low, high)


def _flatten(node: Node, width: int) -> None:
    if node.attributes.get("axis", 1) not in (1, -1):
        raise node.refusal(f"has axis {node.attributes['axis']}; expected 1")


def _reshape(node: Node, width: int) -> None:
    shape = node.constant(1)
    sizes = [] if shape is None else shape.tolist()
    if sizes[-1:] != [width] and sizes not in ([0, -1], [1, -1]):
        raise node.refusal(f"to {sizes} does not keep the {width} values of a frame together")


def _neutral(node: Node, width: int) -> None:
    return None


_NODES: dict[str, Callable[[Node, int], Step | None]] = {
    "Add": _add,
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Dropout": _neutral,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "Identity": _neutral,
    "MatMul": _matmul,
    "Relu": lambda node, width: Clip(node.where),
    "Reshape": _reshape,
}
