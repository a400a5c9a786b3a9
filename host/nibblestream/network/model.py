"""The quantized model: layers of codes, with loading, saving and a text summary."""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .. import spec
from ..fixed import QFormat
from . import model_file, pack
from .float_model import FloatModel, through_json
from .layer import QuantizedLayer
from .lut import Lut
from .model_file import Arrays, Header, Stored
from .scheme import Scheme
from .topology import FEATURES, HEADS, check_topology, largest_block


@dataclass(frozen=True, eq=False)
class QuantizedModel(Stored):
    """A network whose weights are low-bit codes, as run by the integer pipeline and the board.

    Parameters
    ----------
    name : str
    layers : tuple of QuantizedLayer
        From 8 * 129 inputs, oldest frame first, to 129 outputs.
    features : str
        Input of the first layer: "magnitude" or "log2".
    head : str
        Output of the last layer: "magnitude" or "gain".
    gain_floor : int
        Smallest gain, in `spec.GAIN`, 0 to 2**15 (a gain of 1).
    origin : str
        Digest of the float model it was quantized from.
    training : dict
        JSON metadata on the training of the codes; empty if they were not trained.

    Raises
    ------
    ValueError
        Widths or formats of neighbouring layers do not match, or features or head are unknown.
    """

    kind: ClassVar[str] = "quantized"

    name: str
    layers: tuple[QuantizedLayer, ...]
    features: str
    head: str
    gain_floor: int = 0
    origin: str = ""
    training: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "training", through_json(self.training))
        check_topology([layer.shape for layer in self.layers], self.features, self.head)
        ends = [*(layer.input_format for layer in self.layers), HEADS[self.head]]
        starts = [FEATURES[self.features], *(layer.output_format for layer in self.layers)]
        for i, (given, taken) in enumerate(zip(starts, ends, strict=True)):
            if given != taken:
                raise ValueError(f"layer {i} is given {given}, but takes {taken}")
        one = 1 << spec.GAIN.frac
        if not isinstance(self.gain_floor, int) or not 0 <= self.gain_floor <= one:
            raise ValueError(f"gain_floor is {self.gain_floor}; expected 0 to {one} (gain 1)")

    @property
    def ideal_bytes(self) -> int:
        """Bytes of all codes without padding: the memory column of the paper's Table 3."""
        return sum(layer.ideal_bytes for layer in self.layers)

    @property
    def stream_bytes(self) -> int:
        """Bytes of all packed codes, including padding."""
        return sum(layer.stream_bytes for layer in self.layers)

    @property
    def block(self) -> int:
        """Largest number of frames that can share one pass over the codes."""
        return largest_block([layer.shape for layer in self.layers])

    @classmethod
    def from_content(cls, header: Header, arrays: Arrays) -> QuantizedModel:
        """Build the model from a file's header and arrays."""
        return cls(
            **cls.from_shared(header),
            layers=tuple(_layer(i, entry, arrays) for i, entry in enumerate(header["layers"])),
            origin=header["origin"],
            training=header.get("training", {}),
        )

    def describe(self) -> str:
        """Return a text summary of the model: sizes, formats, LUTs, training metadata."""
        lines = [
            f"{self.name}: quantized model, {self.features} in, {self.head} out",
            f"digest {self.digest}",
            f"quantized from {self.origin or 'an unknown model'}",
            f"codes {self.ideal_bytes} bytes, streamed {self.stream_bytes} (with padding)",
        ]
        if self.head == "gain":
            lines.append(f"gain floor {self.gain_floor * spec.GAIN.resolution:g}")
        for i, layer in enumerate(self.layers):
            lines += ["", f"layer {i}: {layer}"]
            lines += [] if layer.lut is None else [str(layer.lut)]
        lines += [f"{key}: {value}" for key, value in self.training.items()]
        return "\n".join(lines)

    def content(self) -> tuple[Header, Arrays]:
        """Return the header and arrays of the model's file."""
        header: Header = {
            **self.shared(),
            "origin": self.origin,
            "layers": [_entry(layer) for layer in self.layers],
        }
        if self.training:  # omitted for codes that were not trained, as in files without the field
            header["training"] = self.training
        arrays: Arrays = {}
        for i, layer in enumerate(self.layers):
            arrays[f"layer{i}.beats"] = layer.beats
            arrays[f"layer{i}.bias"] = layer.bias
            if layer.lut is not None:
                arrays[f"layer{i}.mantissa"] = layer.lut.mantissa
                arrays[f"layer{i}.internal"] = layer.lut.internal
        return header, arrays


def load_model(path: str | Path) -> FloatModel | QuantizedModel:
    """Load a float or quantized model from a file or by a bundled name; raise as `Stored.load`."""
    kinds: tuple[type[FloatModel | QuantizedModel], ...] = (FloatModel, QuantizedModel)
    return model_file.load(path, kinds)


def _entry(layer: QuantizedLayer) -> dict[str, Any]:
    return {
        "shape": list(layer.shape),
        "k": int(layer.k),
        "scheme": _parameters(layer.scheme),
        "input_format": asdict(layer.input_format),
        "output_format": asdict(layer.output_format),
        "relu": layer.relu,
    }


def _parameters(scheme: Scheme) -> dict[str, Any]:
    parameters = asdict(scheme)
    if scheme.tails is None:  # omitted for schemes without tails, as in files without the field
        del parameters["tails"]
    return parameters


def _layer(i: int, entry: dict[str, Any], arrays: Arrays) -> QuantizedLayer:
    try:
        scheme, k = Scheme(**entry["scheme"]), operator.index(entry["k"])
        out, inputs = entry["shape"]
        beats = model_file.take(arrays, f"layer{i}.beats", np.uint64, (None,))
        bias = model_file.take(arrays, f"layer{i}.bias", np.int32, (out,))
        return QuantizedLayer(
            codes=pack.unpack(beats, scheme.bits, (out, inputs)),
            lut=None if scheme.bits == 8 else _lut(i, scheme, k, arrays),
            k=k,
            scheme=scheme,
            bias=bias,
            input_format=QFormat(**entry["input_format"]),
            output_format=QFormat(**entry["output_format"]),
            relu=entry["relu"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"layer {i}: {error}") from error


def _lut(i: int, scheme: Scheme, k: int, arrays: Arrays) -> Lut:
    size = (1 << scheme.bits,)
    mantissa = model_file.take(arrays, f"layer{i}.mantissa", np.int32, size)
    return Lut(mantissa, model_file.take(arrays, f"layer{i}.internal", np.bool_, size), scheme.m, k)
