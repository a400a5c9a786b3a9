"""How the paper quantizes its two layers: the rows of Table 3, the bars of Figures 3 and 4."""

from __future__ import annotations

from typing import NamedTuple

from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from ...quantize import quantize

TITLES = {"u": "U", "u-vbs": "U-VBS", "rs": "RS", "rs-vbs": "RS-VBS"}


class Layer(NamedTuple):
    """How one layer is quantized; the other parameters are the paper's, k is found."""

    bits: int
    scheme: str

    def __str__(self) -> str:
        return f"{self.bits}-{TITLES[self.scheme]}"


class Setting(NamedTuple):
    """How both layers are quantized."""

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
FIRST = {scheme: Setting(layer, EIGHT) for scheme, layer in FOUR.items()}  # 4 and 8 bits
SECOND = {scheme: Setting(EIGHT, layer) for scheme, layer in FOUR.items()}
BOTH = {scheme: Setting(layer, layer) for scheme, layer in FOUR.items()}
REFERENCE = Setting(EIGHT, EIGHT)
