"""Figures that say where they come from, and rows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ...hardware.traffic import LayerTraffic

MEASURED: Final = "measured"  # by a clock that ran meanwhile
COUNTED: Final = "counted"  # by the hardware, real or virtual, that moved it
MODELLED: Final = "modelled"  # from the layout, or by a model of the board

# Names of figures, as they stand in the JSON.
RATE, REAL_TIME = "frames_per_second", "times_real_time"
P50, P99 = "latency_p50", "latency_p99"
HOP_P50, HOP_P99 = "hop_latency_p50", "hop_latency_p99"
BLOCKS = "blocks"
WEIGHTS, SPECTRA = "weight_bytes_per_frame", "spectra_bytes_per_frame"
DDR = "ddr_traffic"
PYTHON, DMA, KERNEL = SHARES = ("python_share", "dma_share", "kernel_share")


@dataclass(frozen=True)
class Figure:
    """A number, its unit, and whether it was measured, counted or modelled."""

    value: float
    unit: str
    kind: str


def widths(layers: Sequence[LayerTraffic]) -> str:
    """Return the bits of layers' weights for people: "4", "4,8", "float32"."""
    bits = [layer.bits for layer in layers]
    if set(bits) == {32}:
        return "float32"
    return ",".join(map(str, bits if len(set(bits)) > 1 else bits[:1]))


def frames(block: int) -> str:
    """Return the size of a block for people."""
    return f"{block} frame{'s' if block > 1 else ''} a block"


@dataclass(frozen=True)
class Row:
    """One network on one backend, in blocks of one size.

    Parameters
    ----------
    backend, model : str
    origin : str
        Digest of the float model that the network was made from, if known.
    layers : sequence of LayerTraffic
        Their shapes and code widths.
    block : int
        Frames.
    figures : dict of str to Figure
    """

    backend: str
    model: str
    origin: str
    layers: Sequence[LayerTraffic]
    block: int
    figures: dict[str, Figure]

    @property
    def bits(self) -> tuple[int, ...]:
        """Of the weights of each layer; 32 is float32."""
        return tuple(layer.bits for layer in self.layers)

    @property
    def widths(self) -> str:
        """The same for people; see `widths`."""
        return widths(self.layers)

    @property
    def macs(self) -> int:
        """Multiplications of a frame."""
        return sum(layer.outputs * layer.inputs for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """Return what the JSON holds of it."""
        return {
            "backend": self.backend,
            "model": self.model,
            "bits": list(self.bits),
            "block": self.block,
            "figures": {name: asdict(figure) for name, figure in self.figures.items()},
        }
