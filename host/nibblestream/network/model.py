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
from .activation import LINEAR, RELU
from .float_model import FloatModel, through_json
from .front import Front, read_front
from .layer import QuantizedLayer
from .lut import Lut
from .memory import Cell, read_cell
from .model_file import Arrays, Header, Stored
from .rows import Rows
from .scheme import Scheme
from .topology import check_topology, largest_block


@dataclass(frozen=True, eq=False)
class QuantizedModel(Stored):
    """A network whose weights are low-bit codes, as run by integer arithmetic and the board.

    Parameters
    ----------
    name : str
    layers : tuple of QuantizedLayer
    front : Front
        What comes before and after the network: `Plain`, or `Speech` for spectra.
    origin : str
        Digest of the float model it was quantized from.
    training : dict
        JSON metadata on the training of the codes; empty if they were not trained.

    Raises
    ------
    ValueError
        Widths or formats of neighbouring layers do not match, or the front does not fit them.
    """

    kind: ClassVar[str] = "quantized"

    name: str
    layers: tuple[QuantizedLayer, ...]
    front: Front
    origin: str = ""
    training: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        model_file.check_text(name=self.name, origin=self.origin)
        object.__setattr__(self, "training", through_json(self.training))
        cells = [layer.activation for layer in self.layers]
        check_topology([layer.shape for layer in self.layers], cells)
        self.front.check(self.inputs, self.outputs)
        last = self.layers[-1].output_format
        ends = [*(layer.input_format for layer in self.layers), self.front.output_format or last]
        starts = [self.front.input_format, *(layer.output_format for layer in self.layers)]
        for i, (given, taken) in enumerate(zip(starts, ends, strict=True)):
            if given != taken:
                raise ValueError(f"layer {i} is given {given}, but takes {taken}")

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.layers[-1].width

    @property
    def rows(self) -> tuple[Rows, Rows]:
        """Layouts of rows in memory, of inputs and of outputs."""
        return self.front.rows(self.inputs, self.outputs)

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
        """Largest number of rows that can share one pass over the codes."""
        return largest_block([(layer.stored, layer.taken) for layer in self.layers])

    @classmethod
    def from_content(cls, header: Header, arrays: Arrays) -> QuantizedModel:
        """Build the model from a file's header and arrays."""
        return cls(
            name=header["name"],
            front=read_front(header),
            layers=tuple(_layer(i, entry, arrays) for i, entry in enumerate(header["layers"])),
            origin=header["origin"],
            training=header.get("training", {}),
        )

    def describe(self) -> str:
        """Return a text summary of the model: sizes, formats, LUTs, training metadata."""
        lines = [
            f"{self.name}: quantized model, {self.front}",
            f"digest {self.digest}",
            f"quantized from {self.origin or 'an unknown model'}",
            f"codes {self.ideal_bytes} bytes, streamed {self.stream_bytes} (with padding)",
        ]
        for i, layer in enumerate(self.layers):
            lines += ["", f"layer {i}: {layer}"]
            lines += [] if layer.lut is None else [str(layer.lut)]
        lines += [f"{key}: {value}" for key, value in self.training.items()]
        return "\n".join(lines)

    def content(self) -> tuple[Header, Arrays]:
        """Return the header and arrays of the model's file."""
        header: Header = {
            "name": self.name,
            **self.front.entries(self.kind),
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
    entry = {
        "shape": list(layer.shape),
        "k": int(layer.k),
        "scheme": _parameters(layer.scheme),
        "input_format": asdict(layer.input_format),
        "output_format": asdict(layer.output_format),
    }
    # Fields that earlier versions do not write are left out where they say nothing new.
    if layer.activation in (RELU, LINEAR):
        entry["relu"] = layer.activation == RELU
    else:
        entry["activation"] = layer.activation.entry()
    if layer.exponent:
        entry["exponent"] = layer.exponent
    if layer.bias_format != spec.BIAS:
        entry["bias_format"] = asdict(layer.bias_format)
    if layer.saturated is not None:
        entry["saturated"] = layer.saturated
    return entry


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
            activation=_activation(entry),
            exponent=operator.index(entry.get("exponent", 0)),
            bias_format=QFormat(**entry.get("bias_format", asdict(spec.BIAS))),
            saturated=entry.get("saturated"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"layer {i}: {error}") from error


def _activation(entry: dict[str, Any]) -> Cell:
    if "activation" in entry:
        return read_cell(entry["activation"])
    return RELU if entry["relu"] else LINEAR


def _lut(i: int, scheme: Scheme, k: int, arrays: Arrays) -> Lut:
    size = (1 << scheme.bits,)
    mantissa = model_file.take(arrays, f"layer{i}.mantissa", np.int32, size)
    return Lut(mantissa, model_file.take(arrays, f"layer{i}.internal", np.bool_, size), scheme.m, k)
