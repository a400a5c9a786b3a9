"""The floating-point model: a trained network before quantization."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

import numpy as np
import numpy.typing as npt

from . import model_file
from .activation import LINEAR, RELU, Activation
from .front import Front, Plain, read_front
from .memory import Cell, read_cell
from .model_file import Arrays, Header, Stored
from .recurrent import Recurrent
from .topology import check_topology

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FloatModel(Stored):
    """A fully connected float32 network.

    Parameters
    ----------
    name : str
    weights : tuple of float32 (out, in)
        1 to 255 layers, 1 to 2048 wide; those of a recurrent layer have the shape
        (3 units, units), after a layer of 3 units outputs.
    biases : tuple of float32 (out,)
    front : Front
        What comes before and after the network: `Plain`, or `Speech` for spectra.
    training : dict
        JSON metadata: the training command, the seed, the scores.
    activations : tuple of Activation, Memory or Recurrent, optional
        One for each layer; default: ReLU.
    scaled : bool
        Whether quantization gives each layer a power of two, so that weights may have any size,
        and its biases 16 bits; otherwise weights and biases are within +-1 and biases have 8 bits,
        as in the paper.

    Raises
    ------
    ValueError
        Shapes do not match, the front does not fit them, or values are not finite.
    """

    kind: ClassVar[str] = "float"

    name: str
    weights: tuple[Float32, ...]
    biases: tuple[Float32, ...]
    front: Front = field(default_factory=Plain)
    training: dict[str, Any] = field(default_factory=dict)
    activations: tuple[Cell, ...] = ()
    scaled: bool = False

    def __post_init__(self) -> None:
        for group in ("weights", "biases"):
            arrays = tuple(np.asarray(array, np.float32) for array in getattr(self, group))
            object.__setattr__(self, group, arrays)
        model_file.check_text(name=self.name)
        # Keep what loading from a file would return: string keys, lists instead of tuples.
        object.__setattr__(self, "training", through_json(self.training))
        activations = tuple(self.activations) or (RELU,) * len(self.weights)
        object.__setattr__(self, "activations", activations)
        self._check_cells()
        check_topology([w.shape for w in self.weights], self.activations)
        self.front.check(self.inputs, self.outputs)
        self._check_values()

    def _check_cells(self) -> None:
        kinds = {*map(type, self.activations)}
        if len(self.activations) != len(self.weights) or not kinds <= {*get_args(Cell)}:
            raise ValueError(f"activations are {self.activations}; expected one for each layer")

    def _check_values(self) -> None:
        if len(self.biases) != len(self.weights):
            raise ValueError(f"{len(self.weights)} layers have {len(self.biases)} biases")
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if bias.shape != weight.shape[:1]:
                raise ValueError(
                    f"layer {i}: bias has the shape {bias.shape}; expected {weight.shape[:1]}"
                )
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError(f"layer {i} holds NaN or infinity; expected finite values")

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.weights[0].shape[1]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return len(self.weights[-1]) // self.activations[-1].sums

    @property
    def remembers(self) -> bool:
        """Whether outputs depend on earlier rows."""
        return any(not isinstance(cell, Activation) for cell in self.activations)

    def layers(self) -> Iterator[tuple[Float32, Float32, Cell]]:
        """Yield the weights, biases and activation of each layer."""
        yield from zip(self.weights, self.biases, self.activations, strict=True)

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the last layer's outputs (n, outputs) for inputs (n, inputs), in their dtype.

        In a network with memory, the rows are a sequence from its beginning.
        """
        for weights, bias, activation in self.layers():
            if isinstance(activation, Recurrent):
                state = np.zeros(weights.shape[1], x.dtype)
                x, _ = activation.run(x, state, weights.astype(x.dtype), bias)
            else:
                x = activation(x @ weights.T.astype(x.dtype) + bias)
        return x

    @classmethod
    def from_content(cls, header: Header, arrays: Arrays) -> FloatModel:
        """Build the model from a file's header and arrays."""
        layers = range(header["layers"])
        return cls(
            name=header["name"],
            front=read_front(header),
            weights=tuple(
                model_file.take(arrays, f"layer{i}.weights", np.float32, (None, None))
                for i in layers
            ),
            biases=tuple(
                model_file.take(arrays, f"layer{i}.bias", np.float32, (None,)) for i in layers
            ),
            training=header["training"],
            activations=_activations(header),
            scaled=header.get("scaled", False),
        )

    def describe(self) -> str:
        """Return a text summary of the model: layers, sizes, weight ranges, training metadata."""
        lines = [f"{self.name}: float32 model, {self.front}", f"digest {self.digest}"]
        for i, (w, b, activation) in enumerate(self.layers()):
            low, start, stop, high = np.quantile(w, [0, 0.04, 0.96, 1])
            lines += [
                f"layer {i}: {w.shape[1]} -> {w.shape[0]}, {w.nbytes} bytes"
                f"{'' if activation == RELU else f', {activation}'}",
                f"  weights {low:.4f} to {high:.4f}, 92% of them {start:.4f} to {stop:.4f}, "
                f"std {w.std():.4f}; biases {b.min():.4f} to {b.max():.4f}",
            ]
        lines += [f"{key}: {value}" for key, value in self.training.items()]
        return "\n".join(lines)

    def content(self) -> tuple[Header, Arrays]:
        """Return the header and arrays of the model's file."""
        header: Header = {
            "name": self.name,
            **self.front.entries(self.kind),
            "layers": len(self.weights),
            "training": self.training,
        }
        # Fields that earlier versions do not write are left out where they say nothing new.
        if {*self.activations} <= {RELU, LINEAR}:
            if LINEAR in self.activations:
                header["relu"] = [activation == RELU for activation in self.activations]
        else:
            header["activations"] = [activation.entry() for activation in self.activations]
        if self.scaled:
            header["scaled"] = True
        arrays: Arrays = {f"layer{i}.weights": w for i, w in enumerate(self.weights)}
        arrays.update({f"layer{i}.bias": b for i, b in enumerate(self.biases)})
        return header, arrays


def _activations(header: Header) -> tuple[Cell, ...]:
    if "activations" in header:
        return tuple(read_cell(entry) for entry in header["activations"])
    return tuple(RELU if relu else LINEAR for relu in header.get("relu", ()))


def through_json(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return metadata after a round trip through JSON; raise ValueError if it is no JSON object."""
    if not isinstance(metadata, dict):
        raise ValueError(f"training metadata is {metadata!r}; expected a dictionary")
    try:
        text = json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"training metadata is not JSON: {error}") from error
    loaded: dict[str, Any] = json.loads(text)
    return loaded
