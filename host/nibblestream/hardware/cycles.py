"""Cycle model of the overlay: predicted, not measured, clocks per block of frames.

`lut_mac` runs its loops one after the other, at one iteration per clock, so a block takes the sum
of their iterations plus the clocks that each loop's pipeline needs to drain. The two CORDIC kernels
run concurrently with LOAD and SEND and add no clocks. The loops are named as in hls/kernels; the
tests count the iterations of each loop in the compiled kernel and require the same numbers. (MODEL
and LAYER are the headers that are read between the loops.)

Not modelled: the host's time to start a block, and clocks in which the memory delivers no beat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .. import spec
from ..network import code_stream, pack
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from ..network.topology import largest_block
from .boards import Board
from .traffic import BEAT_BYTES, FRAME_BYTES, LayerTraffic, layers_of

PIPELINE_DEPTH: Final = 40  # clocks to drain a loop's pipeline; assumed, as HLS chooses it
SPECTRA_BYTES: Final = 2 * FRAME_BYTES  # per frame, in and out


class Loop(NamedTuple):
    """A loop of `lut_mac`: its label, its iterations, and the beats of codes that it reads."""

    label: str
    iterations: int
    beats: int = 0

    @property
    def cycles(self) -> int:
        """Clocks from the first iteration of this loop to the first one of the next."""
        return self.iterations + PIPELINE_DEPTH


@dataclass(frozen=True)
class Block:
    """One block of frames, which share one pass over the codes.

    Parameters
    ----------
    layers : sequence of LayerTraffic
        Shape and code width of each layer.
    frames : int
        Frames in the block.

    Raises
    ------
    ValueError
        `frames` is less than 1, or more than the activation memory holds.
    """

    layers: Sequence[LayerTraffic]
    frames: int

    def __post_init__(self) -> None:
        most = largest_block([(layer.outputs, layer.inputs) for layer in self.layers])
        if not 1 <= self.frames <= most:
            raise ValueError(
                f"a block has {self.frames} frames; the activation memory holds 1 to {most} frames "
                "of this network"
            )

    @property
    def loops(self) -> list[Loop]:
        """Every loop that runs, in order."""
        return list(self._loops())

    @property
    def beats(self) -> int:
        """Beats of the code stream: headers, look-up tables, biases, codes."""
        return sum(loop.beats for loop in self._loops())

    @property
    def cycles(self) -> int:
        """Clocks of the whole block."""
        return sum(loop.cycles for loop in self._loops())

    @property
    def bound(self) -> str:
        """What limits most clocks of the MAC loops: "stream" or "multiply".

        "stream": each step reads a beat, one per clock, so the code port is the bottleneck.
        "multiply": a step is held for several groups of frames, or takes less than a beat.
        """
        macs = [loop for loop in self._loops() if loop.label == "MAC"]
        held = sum(loop.iterations for loop in macs if loop.iterations > loop.beats)
        return "multiply" if 2 * held > sum(loop.iterations for loop in macs) else "stream"

    def rate(self, clock_mhz: float) -> float:
        """Return the frames per second of consecutive blocks."""
        return clock_mhz * 1e6 * self.frames / self.cycles

    def code_bytes(self, rate: float) -> float:
        """Return the bytes of codes per second that are read at `rate` frames per second."""
        return rate * self.beats * BEAT_BYTES / self.frames

    def _loops(self) -> Iterator[Loop]:
        yield Loop("MODEL", 1, 1)
        yield Loop("LOAD", (spec.CONTEXT - 1 + self.frames) * spec.BINS)
        for layer in self.layers:
            yield from self._layer(layer)
        yield Loop("SEND", self.frames * spec.BINS)

    def _layer(self, layer: LayerTraffic) -> Iterator[Loop]:
        shape = layer.outputs, layer.inputs
        biases = code_stream.bias_beats(layer.outputs, layer.wide_bias)
        table = code_stream.table_beats(layer.bits)
        yield Loop("LAYER", 1 + layer.activation, 1 + layer.activation)
        if table:
            yield Loop("LUT", spec.LUT_ENTRIES, table)
        yield Loop("BIAS", biases, biases)
        groups = -(-self.frames // spec.FRAME_LANES)
        steps = layer.outputs * pack.steps(layer.inputs, layer.bits)
        yield Loop("MAC", steps * groups, pack.beats_of(shape, layer.bits))


def report(
    model: QuantizedModel | FloatModel,
    board: Board,
    clock_mhz: float | None = None,
    frames: int | None = None,
) -> str:
    """Return a table of the model: single frames and blocks, with own and with 8-bit codes.

    Parameters
    ----------
    model : QuantizedModel
        A FloatModel is refused.
    board : Board
    clock_mhz : float, optional
        The board's clock if None.
    frames : int, optional
        Frames per block; the most that fit if None.

    Raises
    ------
    ValueError
        The model is a float model, or the block does not fit.
    """
    if isinstance(model, FloatModel):
        raise ValueError(
            f"{model.name} is a float model, the overlay runs codes: quantize it first"
        )
    clock = board.clock_mhz if clock_mhz is None else clock_mhz
    sizes = sorted({1, model.block if frames is None else frames})
    widths = [None, 8] if any(layer.bits != 8 for layer in model.layers) else [None]
    blocks = [Block(layers_of(model, bits), size) for bits in widths for size in sizes]
    title = f"{model.name} on {board.name} ({board.part}) at {clock:g} MHz: model, not measured"
    heads = "".join(
        f"{head:>{12 * len(sizes)}}" for head in ("its own codes", "8-bit codes")[: len(widths)]
    )
    return "\n".join([title, f"{'':<26}{heads}", *_rows(blocks, clock)])


def _rows(blocks: list[Block], clock: float) -> Iterator[str]:
    real_time = spec.SAMPLE_RATE / spec.HOP
    rates = [block.rate(clock) for block in blocks]
    yield _row("frames a block", (block.frames for block in blocks))
    yield _row("beats of the code stream", (block.beats for block in blocks))
    yield _row("clocks a block", (block.cycles for block in blocks))
    yield _row("clocks a frame", (block.cycles / block.frames for block in blocks))
    yield _row("frames a second", rates)
    yield _row("times real time", (rate / real_time for rate in rates))
    codes = [block.code_bytes(rate) for block, rate in zip(blocks, rates, strict=True)]
    yield _row("codes, MB/s", (each / 1e6 for each in codes))
    yield _row("spectra, MB/s", (rate * SPECTRA_BYTES / 1e6 for rate in rates))
    yield _row("codes in real time, MB/s", (block.code_bytes(real_time) / 1e6 for block in blocks))
    yield f"{'bound by':<26}" + "".join(f"{block.bound:>12}" for block in blocks)


def _row(name: str, values: Sequence[float] | Iterator[float]) -> str:
    return f"{name:<26}" + "".join(f"{_number(value):>12}" for value in values)


def _number(value: float) -> str:
    """Format integers and values from 100 on without decimals, others with one."""
    return f"{value:,.0f}" if isinstance(value, int) or value >= 100 else f"{value:.1f}"
