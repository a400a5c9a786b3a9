"""The methods compared: our schemes and the quantizers of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from ... import spec
from ...hardware.sources import digest
from ...network.float_model import FloatModel
from ...network.lut import Lut
from ...network.model import QuantizedModel
from ...network.scheme import CALIBRATED
from ...quantize import Calibration, quantize

Model = FloatModel | QuantizedModel
# (network, bits per code, calibration if the method uses it) -> (model, bytes other than codes)
Quantizer = Callable[[FloatModel, int, Calibration | None], tuple[Model, int]]

ALL_BITS = 4  # the width at which all methods are compared
FEW = ("rs-vbs", "auto")  # the methods compared at other widths


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
    """

    name: str
    library: str = ""
    module: str = ""
    function: str = ""
    bits: tuple[int, ...] = (2, 3, 4)
    calibrated: bool = False

    @property
    def version(self) -> str:
        """Library, version and digest of its adapter module; for ours, a digest of the code."""
        if not self.library:
            from ...evaluate.known import code

            return code()
        ours = digest([Path(__file__).with_name(f"{self.module}.py")])
        return f"{self.library} {metadata.version(self.library)} {ours}"

    def load(self) -> Quantizer:
        """Import the quantizer; raises ImportError, or what the library raises on import."""
        if not self.library:
            return self._ours
        layers = getattr(import_module(f".{self.module}", __package__), self.function)

        def quantizer(
            network: FloatModel, bits: int, calibration: Calibration | None
        ) -> tuple[Model, int]:
            found = layers(network, bits, calibration)
            weights = tuple(layer.weights for layer in found)
            name = f"{network.name}, {self.name}"
            return replace(network, name=name, weights=weights), sum(layer.extra for layer in found)

        return quantizer

    def _ours(
        self, network: FloatModel, bits: int, calibration: Calibration | None
    ) -> tuple[Model, int]:
        model = quantize(network, self.name, bits, calibration=calibration)
        tables = (layer.lut for layer in model.layers)
        return model, sum(table_bytes(table) for table in tables if table is not None)


def table_bytes(table: Lut) -> int:
    """Return the bytes of a layer's table: entries with their range flags, and one byte for k."""
    return -(-len(table.mantissa) * (spec.MANTISSA_BITS + 1) // 8) + 1


OURS = tuple(
    Method(name, calibrated=name in CALIBRATED)
    for name in ("u", "rs-vbs", "rs-vbs-asym", "kmeans", *CALIBRATED)
)
PEERS = (
    Method("RTN, per tensor", "numpy", "rounding", "per_tensor"),
    Method("RTN, per row", "numpy", "rounding", "per_row"),
    Method("k-means, sklearn", "scikit-learn", "scikit_learn", "k_means"),
    Method("k-means, coremltools", "coremltools", "core_ml", "k_means"),
    Method("SKM, coremltools", "coremltools", "core_ml", "sensitive", calibrated=True),
    Method("int, torchao", "torchao", "torch_ao", "grouped"),
    Method("qint, quanto", "optimum-quanto", "quanto", "grouped", bits=(2, 4)),
    Method("NF4, bitsandbytes", "bitsandbytes", "nf4", "blockwise", bits=(4,)),
)
METHODS = OURS + PEERS
NAMES = tuple(method.name for method in METHODS)


def chosen(widths: Iterable[int], names: Sequence[str] = ()) -> list[tuple[Method, int]]:
    """Return the methods to compare, each with a bit width.

    Parameters
    ----------
    widths : iterable of int
        2, 3 or 4.
    names : sequence of str
        Some of `NAMES`; if empty, all methods at 4 bits, and rs-vbs and auto at other widths.

    Raises
    ------
    ValueError
        No method has codes of these widths.
    """
    found = [
        (method, bits)
        for bits in dict.fromkeys(widths)
        for method in METHODS
        if bits in method.bits and method.name in (names or (NAMES if bits == ALL_BITS else FEW))
    ]
    if not found:
        raise ValueError(f"no method has codes of this width; expected some of {', '.join(NAMES)}")
    return found


def in_words(method: Method, bits: int) -> dict[str, Any]:
    """Return the columns that identify a method in tables."""
    return {"method": method.name, "bits": bits, "library": method.library or "nibblestream"}
