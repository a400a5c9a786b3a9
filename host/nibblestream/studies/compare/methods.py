"""What is compared: our schemes and the quantizers of others, by the names the table has."""

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
# A network, bits of a code, calibration if it is asked for -> the model, and bytes beside codes.
Quantizer = Callable[[FloatModel, int, Calibration | None], tuple[Model, int]]

ALL_BITS = 4  # everything is compared at; other widths by these:
FEW = ("rs-vbs", "auto")


@dataclass(frozen=True)
class Method:
    """One way to quantize.

    Parameters
    ----------
    name : str
        A scheme of ours, or what the table calls a quantizer of others.
    library : str
        The distribution it comes from; empty for ours.
    module, function : str
        Of `compare`, where it is; a function of network, bits and calibration.
    bits : tuple of int
        What its codes may have.
    calibrated : bool
        Whether it sees recordings.
    """

    name: str
    library: str = ""
    module: str = ""
    function: str = ""
    bits: tuple[int, ...] = (2, 3, 4)
    calibrated: bool = False

    @property
    def version(self) -> str:
        """The library and its version; for ours, a digest of the code."""
        if not self.library:
            from ...evaluate.known import code

            return code()
        ours = digest([Path(__file__).with_name(f"{self.module}.py")])
        return f"{self.library} {metadata.version(self.library)} {ours}"

    def load(self) -> Quantizer:
        """Import it; raises ImportError if the library is not installed, or what that raises."""
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
    """Return the bytes of a layer's table: entries with their range flags, and a byte for k."""
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
    """Return what is to be compared: methods, and the bits of their codes.

    Parameters
    ----------
    widths : iterable of int
        2, 3 or 4.
    names : sequence of str
        Some of `NAMES`; if none are given, all at 4 bits, and at others rs-vbs and auto.

    Raises
    ------
    ValueError
        Nothing is left.
    """
    found = [
        (method, bits)
        for bits in dict.fromkeys(widths)
        for method in METHODS
        if bits in method.bits and method.name in (names or (NAMES if bits == ALL_BITS else FEW))
    ]
    if not found:
        raise ValueError(f"no method has codes of such widths; expected some of {', '.join(NAMES)}")
    return found


def in_words(method: Method, bits: int) -> dict[str, Any]:
    """Return what tables say of a method."""
    return {"method": method.name, "bits": bits, "library": method.library or "nibblestream"}
