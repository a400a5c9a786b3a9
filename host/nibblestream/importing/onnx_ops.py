"""What ONNX's operators do to `Affine` values (https://onnx.ai/onnx/operators)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from ..network.activation import SIGMOID, TANH
from .affine import Affine
from .chain import Chain
from .gru import check_state, gru
from .normalise import batch_norm
from .refusal import unsupported

# Operators that move the elements of their first input, or copy them.
_MOVES = "Expand Flatten Gather Identity Reshape Slice Split Squeeze Tile Transpose Unsqueeze"
MOVES = frozenset(_MOVES.split())


@dataclass(frozen=True)
class Node:
    """A node whose inputs are known.

    Parameters
    ----------
    chain : Chain
        Layers so far.
    inputs : list of Affine, array or None
        None is an optional input that is left out.
    attributes : dict
        Attribute values by name.
    """

    chain: Chain
    inputs: list[Any]
    attributes: dict[str, Any]

    def input(self, index: int, attribute: str = "") -> Any:
        """Return an input, which older versions of an operator may have as an attribute."""
        found = self.inputs[index] if index < len(self.inputs) else None
        return self.attributes.get(attribute) if found is None else found

    def split(self) -> tuple[Affine, list[Any]]:
        """Return the only computed input, and the constants."""
        computed = [value for value in self.inputs if isinstance(value, Affine)]
        if len(computed) != 1:
            raise ValueError("takes several computed values; expected a chain without branches")
        return computed[0], [value for value in self.inputs if value is not computed[0]]


def _gemm(node: Node) -> Any:
    x, y, z = (node.input(i) for i in range(3))
    x = _transposed(x) if node.attributes.get("transA") else x
    y = _transposed(y) if node.attributes.get("transB") else y
    product = node.chain.product(x, y) * node.attributes.get("alpha", 1.0)
    return product + (0.0 if z is None else z * node.attributes.get("beta", 1.0))


def _transposed(matrix: Any) -> Any:
    return matrix.moved(matrix.positions().T) if isinstance(matrix, Affine) else matrix.T


def _batch_norm(node: Node) -> Affine:
    if node.attributes.get("training_mode"):
        raise unsupported("batch_norm")
    x, scale, shift, mean, variance = node.inputs
    return batch_norm(x, scale, shift, mean, variance, node.attributes.get("epsilon", 1e-5))


def _cast(node: Node) -> Any:
    if node.attributes["to"] != onnx.TensorProto.DOUBLE:  # float types have become float64
        raise unsupported("Cast to integers")
    return node.input(0)


def _dropout(node: Node) -> Any:
    if node.input(2):
        raise ValueError("drops values at random; export the network in evaluation mode")
    return node.input(0)


def _larger(node: Node) -> Affine:
    x, limits = node.split()
    return node.chain.clip(x, low=np.maximum.reduce(limits))


def _smaller(node: Node) -> Affine:
    x, limits = node.split()
    return node.chain.clip(x, high=np.minimum.reduce(limits))


def _gru(node: Node) -> Affine:
    x, weights, own, biases, lengths, state = (node.input(i) for i in range(6))
    _check_gru(node.attributes)
    if lengths is not None:
        raise ValueError("takes lengths of sequences (sequence_lens); expected none")
    check_state(state)
    split = np.zeros((2, own.shape[1])) if biases is None else biases.reshape(2, -1)
    y = gru(node.chain, x, weights[0], own[0], split, "zrn")
    return y.moved(y.positions()[:, None])  # (steps, directions, batch, units)


def _check_gru(attributes: dict[str, Any]) -> None:
    """Raise ValueError for a GRU that differs from PyTorch's."""
    found = {k: v for k, v in attributes.items() if k != "hidden_size"}
    kinds = [kind.decode().lower() for kind in found.pop("activations", [b"Sigmoid", b"Tanh"])]
    if found.pop("direction", b"forward") != b"forward":
        raise ValueError("reads sequences backwards; expected direction=forward")
    if not found.pop("linear_before_reset", 0):
        raise ValueError(
            "resets the state before its matrix (linear_before_reset=0, as reset_after=False in "
            "Keras); train a GRU that resets after it, as those of PyTorch do"
        )
    if kinds != ["sigmoid", "tanh"]:
        raise ValueError(f"has the activations {', '.join(kinds)}; expected sigmoid and tanh")
    given = [f"{name}={value}" for name, value in found.items() if value]
    if given:
        raise ValueError(f"has the parameters {', '.join(given)}; expected none of them")


def _hard_sigmoid(node: Node) -> Affine:
    slope, offset = (node.attributes.get(n, d) for n, d in (("alpha", 0.2), ("beta", 0.5)))
    return node.chain.clip(node.input(0) * slope + offset, 0, 1)


def _sum(node: Node) -> Any:
    return sum(node.inputs[1:], start=node.inputs[0])


OPERATIONS: dict[str, Callable[[Node], Any]] = {
    "Add": lambda node: node.input(0) + node.input(1),
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": lambda node: node.chain.clip(node.input(0), node.input(1, "min"), node.input(2, "max")),
    "Div": lambda node: node.input(0) / node.input(1),
    "Dropout": _dropout,
    "GRU": _gru,
    "Gemm": _gemm,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": lambda node: node.chain.leaky(node.input(0), node.attributes.get("alpha", 0.01)),
    "MatMul": lambda node: node.chain.product(node.input(0), node.input(1)),
    "Max": _larger,
    "Min": _smaller,
    "Mul": lambda node: node.input(0) * node.input(1),
    "Neg": lambda node: -node.input(0),
    "PRelu": lambda node: node.chain.leaky(node.input(0), node.input(1)),
    "Relu": lambda node: node.chain.clip(node.input(0), 0),
    "Sigmoid": lambda node: node.chain.activate(node.input(0), SIGMOID),
    "Sub": lambda node: node.input(0) - node.input(1),
    "Sum": _sum,
    "Tanh": lambda node: node.chain.activate(node.input(0), TANH),
}
