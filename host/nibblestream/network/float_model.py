"""The floating-point model: a trained network before quantization."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from . import model_file
from .model_file import Arrays, Header, Stored
from .topology import check_topology

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FloatModel(Stored):
    """A fully connected float32 network, with or without ReLU after each layer.

    Parameters
    ----------
    name : str
    weights : tuple of float32 (out, in)
        The first layer has 8 * 129 inputs, oldest frame first; the last has 129 outputs.
    biases : tuple of float32 (out,)
    features : str
        Input of the first layer: "magnitude" or "log2".
    head : str
        Output of the last layer: "magnitude", or "gain", a factor for the noisy magnitude.
    gain_floor : float
        Smallest gain, 0 to 1.
    training : dict
        JSON metadata: the training command, the seed, the scores.
    relu : tuple of bool, optional
        Whether each layer is followed by a ReLU; default: all. For the last layer it makes no
        difference, because both heads clip negative outputs to zero.

    Raises
    ------
    ValueError
        Shapes do not match, values are not finite, or features or head are unknown.
    """

    kind: ClassVar[str] = "float"

    name: str
    weights: tuple[Float32, ...]
    biases: tuple[Float32, ...]
    features: str
    head: str
    gain_floor: float = 0.0
    training: dict[str, Any] = field(default_factory=dict)
    relu: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        for group in ("weights", "biases"):
            arrays = tuple(np.asarray(array, np.float32) for array in getattr(self, group))
            object.__setattr__(self, group, arrays)
        # Keep what loading from a file would return: string keys, lists instead of tuples.
        object.__setattr__(self, "training", through_json(self.training))
        object.__setattr__(self, "gain_floor", float(self.gain_floor))
        object.__setattr__(self, "relu", tuple(self.relu) or (True,) * len(self.weights))
        check_topology([w.shape for w in self.weights], self.features, self.head)
        self._check_values()

    def _check_values(self) -> None:
        if len(self.biases) != len(self.weights):
            raise ValueError(f"{len(self.weights)} layers have {len(self.biases)} biases")
        if len(self.relu) != len(self.weights) or {*map(type, self.relu)} != {bool}:
            raise ValueError(f"relu is {self.relu}; expected true or false for each layer")
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if bias.shape != weight.shape[:1]:
                raise ValueError(
                    f"layer {i}: bias has the shape {bias.shape}; expected {weight.shape[:1]}"
                )
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError(f"layer {i} holds NaN or infinity; expected finite values")
        if not 0 <= self.gain_floor <= 1:
            raise ValueError(f"gain_floor is {self.gain_floor}; expected 0 to 1")

    @classmethod
    def from_content(cls, header: Header, arrays: Arrays) -> FloatModel:
        """Build the model from a file's header and arrays."""
        layers = range(header["layers"])
        return cls(
            **cls.from_shared(header),
            weights=tuple(
                model_file.take(arrays, f"layer{i}.weights", np.float32, (None, None))
                for i in layers
            ),
            biases=tuple(
                model_file.take(arrays, f"layer{i}.bias", np.float32, (None,)) for i in layers
            ),
            training=header["training"],
            relu=tuple(header.get("relu", ())),
        )

    def describe(self) -> str:
        """Return a text summary of the model: layers, sizes, weight ranges, training metadata."""
        lines = [
            f"{self.name}: float32 model, {self.features} in, {self.head} out",
            f"digest {self.digest}",
        ]
        if self.head == "gain":
            lines.append(f"gain floor {self.gain_floor:g}")
        for i, (w, b, relu) in enumerate(zip(self.weights, self.biases, self.relu, strict=True)):
            low, start, stop, high = np.quantile(w, [0, 0.04, 0.96, 1])
            lines += [
                f"layer {i}: {w.shape[1]} -> {w.shape[0]}, {w.nbytes} bytes"
                f"{'' if relu else ', no ReLU'}",
                f"  weights {low:.4f} to {high:.4f}, 92% of them {start:.4f} to {stop:.4f}, "
                f"std {w.std():.4f}; biases {b.min():.4f} to {b.max():.4f}",
            ]
        lines += [f"{key}: {value}" for key, value in self.training.items()]
        return "\n".join(lines)

    def content(self) -> tuple[Header, Arrays]:
        """Return the header and arrays of the model's file."""
        header: Header = {
            **self.shared(),
            "layers": len(self.weights),
            "training": self.training,
        }
        if not all(self.relu):  # omitted if every layer has ReLU, as in files without the field
            header["relu"] = list(self.relu)
        arrays: Arrays = {f"layer{i}.weights": w for i, w in enumerate(self.weights)}
        arrays.update({f"layer{i}.bias": b for i, b in enumerate(self.biases)})
        return header, arrays


def through_json(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return metadata after a round trip through JSON; raise ValueError if it is not JSON."""
    try:
        text = json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"training metadata is not JSON: {error}") from error
    loaded: dict[str, Any] = json.loads(text)
    return loaded
