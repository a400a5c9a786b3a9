"""How many clocks a block of frames takes on the overlay: a model, not a measurement.

`lut_mac` runs one loop after the other, each an iteration a clock, so a block takes the sum of
their iterations, and what each loop's pipeline takes to run empty. The two CORDIC kernels work
beside its LOAD and SEND and hold nothing up. The loops are named as in hls/kernels, and the tests
count the iterations of the compiled kernel: they are these, loop by loop. (MODEL and LAYER are a
header each, read between the loops.)

Not in the model: the host's time to start a block, and clocks in which the memory gives no beat.
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

PIPELINE_DEPTH: Final = 40  # clocks that a loop takes to run empty: assumed, HLS chooses it
SPECTRA_BYTES: Final = 2 * FRAME_BYTES  # of one frame, in and out


class Loop(NamedTuple):
    """A loop of `lut_mac`: its label, its iterations, and the beats of codes that it takes."""

    label: str
    iterations: int
    beats: int = 0

    @property
    def cycles(self) -> int:
        """Clocks from its first iteration to that of the next loop."""
        return self.iterations + PIPELINE_DEPTH


@dataclass(frozen=True)
class Block:
    """One block of frames, which share one pass over the codes.

    Parameters
    ----------
    layers : sequence of LayerTraffic
        Their shapes and code widths.
    frames : int
        In the block.

    Raises
    ------
    ValueError
        No frames, or more than the activation memory holds.
    """

    layers: Sequence[LayerTraffic]
    frames: int

    def __post_init__(self) -> None:
        most = largest_block([(layer.outputs, layer.inputs) for layer in self.layers])
        if not 1 <= self.frames <= most:
            raise ValueError(
                f"a block is {self.frames} frames; of this network the activation memory holds "
                f"1 to {most}"
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
        """What most clocks of the multiplications wait for.

        "stream": each step is a beat, and a beat comes every clock, so the code port is busy.
        "multiply": a step is held for several groups of frames, or is less than a beat.
        """
        macs = [loop for loop in self._loops() if loop.label == "MAC"]
        held = sum(loop.iterations for loop in macs if loop.iterations > loop.beats)
        return "multiply" if 2 * held > sum(loop.iterations for loop in macs) else "stream"

    def rate(self, clock_mhz: float) -> float:
        """Return the frames a second, block after block, at a clock."""
        return clock_mhz * 1e6 * self.frames / self.cycles

    def code_bytes(self, rate: float) -> float:
        """Return the bytes of codes a second that `rate` frames a second take from memory."""
        return rate * self.beats * BEAT_BYTES / self.frames

    def _loops(self) -> Iterator[Loop]:
        yield Loop("MODEL", 1, 1)
        yield Loop("LOAD", (spec.CONTEXT - 1 + self.frames) * spec.BINS)
        for layer in self.layers:
            yield from self._layer(layer)
        yield Loop("SEND", self.frames * spec.BINS)

    def _layer(self, layer: LayerTraffic) -> Iterator[Loop]:
        shape = layer.outputs, layer.inputs
        biases = -(-layer.outputs * spec.BIAS.bits // spec.BEAT_BITS)
        table = code_stream.header_beats(shape, layer.bits) - 1 - biases
        yield Loop("LAYER", 1, 1)
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
    """Return the figures for live frames and for a block, and with all codes of 8 bits, as text.

    Parameters
    ----------
    model : QuantizedModel
        A FloatModel is refused.
    board : Board
    clock_mhz : float, optional
        The board's own if None.
    frames : int, optional
        In the block; the most that fit if None.

    Raises
    ------
    ValueError
        A float model, or a block that does not fit.
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
    """Whole numbers from 100 on, else one decimal."""
    return f"{value:,.0f}" if isinstance(value, int) or value >= 100 else f"{value:.1f}"
