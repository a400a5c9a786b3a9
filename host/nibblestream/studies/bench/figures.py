"""Benchmark figures, each labelled measured, counted or modelled, and the rows they form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ...hardware.traffic import SPECTRA as SPEECH
from ...hardware.traffic import LayerTraffic, RowTraffic

MEASURED: Final = "measured"  # by a clock during the run
COUNTED: Final = "counted"  # by the counters of the hardware, real or virtual
MODELLED: Final = "modelled"  # computed from the stream layout or from a model of the board

# Names of the figures in the JSON; those of plain networks speak of rows.
RATE, REAL_TIME = "frames_per_second", "times_real_time"
PER_ROW = "time_per_row"
P50, P99 = "latency_p50", "latency_p99"
HOP_P50, HOP_P99 = "hop_latency_p50", "hop_latency_p99"
BLOCKS = "blocks"
WEIGHTS, SPECTRA = "weight_bytes_per_frame", "spectra_bytes_per_frame"
DDR = "ddr_traffic"
OF_ROWS: Final = {
    RATE: "rows_per_second",
    WEIGHTS: "weight_bytes_per_row",
    SPECTRA: "value_bytes_per_row",
}
PYTHON, DMA, KERNEL = SHARES = ("python_share", "dma_share", "kernel_share")


@dataclass(frozen=True)
class Figure:
    """A number, its unit, and whether it was measured, counted or modelled."""

    value: float
    unit: str
    kind: str


def widths(layers: Sequence[LayerTraffic]) -> str:
    """Format the bit widths of the layers' weights: "4", "4,8", "float32"."""
    bits = [layer.bits for layer in layers]
    if set(bits) == {32}:
        return "float32"
    return ",".join(map(str, bits if len(set(bits)) > 1 else bits[:1]))


def size(block: int, unit: str = "frame") -> str:
    """Format the size of a block."""
    return f"{block} {unit}{'s' if block > 1 else ''} a block"


@dataclass(frozen=True)
class Row:
    """The figures of one network on one backend, in blocks of one size.

    Parameters
    ----------
    backend, model : str
    origin : str
        Digest of the float model that the network was quantized from, if known.
    layers : sequence of LayerTraffic
        Shapes and code widths of the layers.
    block : int
        Frames, or rows of a plain network, per block.
    figures : dict of str to Figure
    rows : RowTraffic
        Layout of a row in memory.
    """

    backend: str
    model: str
    origin: str
    layers: Sequence[LayerTraffic]
    block: int
    figures: dict[str, Figure]
    rows: RowTraffic = SPEECH

    @property
    def bits(self) -> tuple[int, ...]:
        """The bit width of each layer's weights; 32 means float32."""
        return tuple(layer.bits for layer in self.layers)

    @property
    def widths(self) -> str:
        """The bit widths as text; see `widths`."""
        return widths(self.layers)

    @property
    def macs(self) -> int:
        """Multiplications per frame."""
        return sum(layer.outputs * layer.inputs for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """Return the row as it is written to the JSON file."""
        names = OF_ROWS if self.rows.raw else {}
        return {
            "backend": self.backend,
            "model": self.model,
            "bits": list(self.bits),
            "block": self.block,
            "figures": {
                names.get(name, name): asdict(figure) for name, figure in self.figures.items()
            },
        }
