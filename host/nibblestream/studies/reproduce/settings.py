"""The paper's quantization settings of its two layers, in Table 3 and Figures 3 and 4."""

from __future__ import annotations

from typing import NamedTuple

from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from ...quantize import quantize

TITLES = {"u": "U", "u-vbs": "U-VBS", "rs": "RS", "rs-vbs": "RS-VBS"}


class Layer(NamedTuple):
    """Bits and scheme of one layer; other parameters are the paper's, and k is searched."""

    bits: int
    scheme: str

    def __str__(self) -> str:
        return f"{self.bits}-{TITLES[self.scheme]}"


class Setting(NamedTuple):
    """The quantization of both layers."""

    first: Layer
    second: Layer

    def __str__(self) -> str:
        return f"{self.first}/{self.second}"

    def quantize(self, model: FloatModel) -> QuantizedModel:
        """Quantize a network of two layers."""
        return quantize(
            model,
            (self.first.scheme, self.second.scheme),
            (self.first.bits, self.second.bits),
        )


EIGHT = Layer(8, "u")
FOUR = {scheme: Layer(4, scheme) for scheme in TITLES}
FIRST = {scheme: Setting(layer, EIGHT) for scheme, layer in FOUR.items()}  # 4 bits, then 8
SECOND = {scheme: Setting(EIGHT, layer) for scheme, layer in FOUR.items()}
BOTH = {scheme: Setting(layer, layer) for scheme, layer in FOUR.items()}
REFERENCE = Setting(EIGHT, EIGHT)
