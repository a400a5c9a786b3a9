"""A quantization method of the comparison: one of our schemes, or another library's quantizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from ... import spec
from ...hardware.sources import digest
from ...network.float_model import FloatModel
from ...network.lut import Lut
from ...network.model import QuantizedModel
from ...quantize import Calibration, quantize

Model = FloatModel | QuantizedModel
# (network, bits per code, calibration if the method uses it) -> (model, bytes other than codes)
Quantizer = Callable[[FloatModel, int, Calibration | None], tuple[Model, int]]

SHARED = ("inputs.py", "peer.py", "sequential.py")  # what adapters import


@dataclass(frozen=True)
class Method:
    """A quantization method.

    Parameters
    ----------
    name : str
        One of our schemes, or the name of another library's quantizer in the table.
    library : str
        Distribution that provides the quantizer; empty for ours.
    module, function : str
        Module of `compare` and its function of network, bits and calibration.
    bits : tuple of int
        Supported bit widths of the codes.
    calibrated : bool
        Whether it uses calibration recordings.
    settings : mapping
        Keyword arguments of the function; empty for the library's defaults.
    rounded : bool
        Round the result, which has one table a layer, to the overlay's table entries and biases.
    """

    name: str
    library: str = ""
    module: str = ""
    function: str = ""
    bits: tuple[int, ...] = (2, 3, 4)
    calibrated: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    rounded: bool = False

    @property
    def version(self) -> str:
        """Library, its version, settings and adapter's digest; for ours, a digest of the code."""
        from ...evaluate.known import code

        parts = [code()] if self.rounded or not self.library else []
        if self.library:
            here = Path(__file__)
            files = [here.with_name(name) for name in (f"{self.module}.py", *SHARED)]
            settings = sorted(self.settings.items())
            parts += [f"{self.library} {metadata.version(self.library)} {digest(files)} {settings}"]
        return " ".join(parts)

    def load(self) -> Quantizer:
        """Import the quantizer; raises ImportError, or what the library raises on import."""
        if not self.library:
            return self._ours
        layers = getattr(import_module(f".{self.module}", __package__), self.function)

        def quantizer(
            network: FloatModel, bits: int, calibration: Calibration | None
        ) -> tuple[Model, int]:
            found = layers(network, bits, calibration, **self.settings)
            weights = tuple(layer.weights for layer in found)
            model = replace(network, name=f"{network.name}, {self.name}", weights=weights)
            if self.rounded:  # each of at most 2**bits values is a cluster
                return _sized(quantize(model, "kmeans", bits))
            return model, sum(layer.extra for layer in found)

        return quantizer

    def _ours(
        self, network: FloatModel, bits: int, calibration: Calibration | None
    ) -> tuple[Model, int]:
        return _sized(quantize(network, self.name, bits, calibration=calibration))


def _sized(model: QuantizedModel) -> tuple[Model, int]:
    tables = (layer.lut for layer in model.layers)
    return model, sum(table_bytes(table) for table in tables if table is not None)


def table_bytes(table: Lut) -> int:
    """Return the bytes of a layer's table: entries with their range flags, and one byte for k."""
    return -(-len(table.mantissa) * (spec.MANTISSA_BITS + 1) // 8) + 1
