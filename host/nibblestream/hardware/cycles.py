"""Cycle model of the overlay: predicted, not measured, clocks per block of frames or rows.

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
from ..geometry import Geometry
from ..network import code_stream
from ..network.fit import block_of
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from ..network.topology import largest_block
from . import by_code
from .boards import Board
from .traffic import BEAT_BYTES, SPECTRA, LayerTraffic, RowTraffic, layers_of, rows_of

PIPELINE_DEPTH: Final = 40  # clocks to drain a loop's pipeline; assumed, as HLS chooses it
SPECTRA_BYTES: Final = SPECTRA.bytes  # per frame, in and out
REAL_TIME: Final = spec.SAMPLE_RATE / spec.HOP  # frames per second of live audio


class Loop(NamedTuple):
    """A loop of `lut_mac`: its label, its iterations, and the beats of codes that it reads.

    Beats are those of each memory port: a geometry with two ports reads two at once.
    """

    label: str
    iterations: int
    beats: int = 0

    @property
    def steps(self) -> int:
        """Iterations in which a step can be read: by code, all but the last drain."""
        return self.iterations - by_code.LAST * (self.label == "BY_CODE")

    @property
    def cycles(self) -> int:
        """Clocks from the first iteration of this loop to the first one of the next."""
        return self.iterations + PIPELINE_DEPTH


@dataclass(frozen=True)
class Block:
    """One block of frames, or of rows, which share one pass over the codes.

    Parameters
    ----------
    layers : sequence of LayerTraffic
        Shape and code width of each layer, for the geometry of the kernels.
    frames : int
        Frames, or rows of another network, in the block.
    rows : RowTraffic, optional
        Spectra if not given.

    Raises
    ------
    ValueError
        `frames` is less than 1, or more than the activation memory holds.
    """

    layers: Sequence[LayerTraffic]
    frames: int
    rows: RowTraffic = SPECTRA

    def __post_init__(self) -> None:
        most = largest_block([layer.row for layer in self.layers], self.geometry)
        if not 1 <= self.frames <= most:
            unit = self.rows.unit
            raise ValueError(
                f"a block has {self.frames} {unit}s; the activation memory holds 1 to {most} "
                f"{unit}s of this network"
            )

    @property
    def geometry(self) -> Geometry:
        """The geometry of the kernels."""
        return self.layers[0].geometry

    @property
    def loops(self) -> list[Loop]:
        """Every loop that runs, in order."""
        return list(self._loops())

    @property
    def beats(self) -> int:
        """Beats of the code stream on each port: headers, look-up tables, biases, codes."""
        return sum(loop.beats for loop in self._loops())

    @property
    def cycles(self) -> int:
        """Clocks of the whole block."""
        return sum(loop.cycles for loop in self._loops())

    @property
    def bound(self) -> str:
        """What limits most clocks of the MAC, BY_CODE and RECUR loops: "stream" or "multiply".

        "stream": each step reads a beat, one per clock, so the code port is the bottleneck.
        "multiply": a step is held or repeated for several groups of frames, takes less than a
        beat, has codes that are kept on chip, or waits for a tile to be drained, other than the
        last one.
        """
        macs = [loop for loop in self._loops() if loop.label in ("MAC", "BY_CODE", "RECUR")]
        held = sum(loop.iterations for loop in macs if loop.steps > loop.beats)
        return "multiply" if 2 * held > sum(loop.iterations for loop in macs) else "stream"

    def rate(self, clock_mhz: float) -> float:
        """Return the frames, or rows, per second of consecutive blocks."""
        return clock_mhz * 1e6 * self.frames / self.cycles

    def code_bytes(self, rate: float) -> float:
        """Return the bytes of codes per second that are read at `rate` frames per second."""
        return rate * self.beats * self.geometry.ports * BEAT_BYTES / self.frames

    def _loops(self) -> Iterator[Loop]:
        taken, given = self.frames * self.rows.beats_in, self.frames * self.rows.beats_out
        loaded, sent = row_loops(taken, given, self.rows.raw, self.rows.past)
        yield Loop("MODEL", 1, 1)
        yield loaded
        for layer in self.layers:
            yield from self._layer(layer)
        yield sent

    def _layer(self, layer: LayerTraffic) -> Iterator[Loop]:
        biases = code_stream.bias_beats(layer.outputs, layer.wide_bias)
        table = code_stream.table_beats(layer.bits)
        yield Loop("LAYER", 1 + layer.activation, 1 + layer.activation)
        if table:
            yield Loop("LUT", spec.LUT_ENTRIES, table)
        yield Loop("BIAS", biases, biases)
        if layer.recurrent:
            yield Loop("KEEP", layer.code_beats, layer.code_beats)
            yield Loop("RECALL", layer.units)
            yield from [Loop("RECUR", layer.steps)] * self.frames
            return
        groups = -(-self.frames // self.geometry.frame_lanes)
        turn = layer.units
        if self.geometry.by_code:
            yield Loop("BY_CODE", by_code.clocks(layer, groups), layer.code_beats)
            turn = by_code.turn(layer.units)
        else:
            yield Loop("MAC", layer.steps * groups, layer.code_beats)
        if layer.units:
            yield Loop("REMEMBER", self.frames * max(turn, spec.LEAST_TURN))


def row_loops(taken: int, given: int, raw: bool, past: int) -> tuple[Loop, Loop]:
    """Return the loops that take and give the beats of a block; `past` frames are loaded first."""
    if raw:
        return Loop("LOAD_ROWS", taken), Loop("SEND_ROWS", given)
    return Loop("LOAD", past * spec.BINS + taken), Loop("SEND", given)


def report(
    model: QuantizedModel | FloatModel,
    board: Board,
    clock_mhz: float | None = None,
    frames: int | None = None,
    geometry: Geometry | None = None,
) -> str:
    """Return a table of the model: single rows and blocks, with own and with 8-bit codes.

    Parameters
    ----------
    model : QuantizedModel
        A FloatModel is refused.
    board : Board
    clock_mhz : float, optional
        The board's clock if None.
    frames : int, optional
        Frames, or rows, per block; the most that fit if None.
    geometry : Geometry, optional
        The board's geometry if None.

    Raises
    ------
    ValueError
        The model is a float model, the geometry cannot run it, or the block does not fit.
    """
    if isinstance(model, FloatModel):
        raise ValueError(
            f"{model.name} is a float model, but the overlay runs codes: quantize it first"
        )
    clock = board.clock_mhz if clock_mhz is None else clock_mhz
    chosen = board.geometry if geometry is None else geometry
    most = block_of(model, chosen)
    sizes = sorted({1, most if frames is None else frames})
    widths = [None, 8] if any(layer.bits != 8 for layer in model.layers) else [None]
    rows = rows_of(model)
    layers = [layers_of(model, bits, chosen) for bits in widths]
    blocks = [Block(each, size, rows) for each in layers for size in sizes]
    title = f"{model.name} on {board.name} ({board.part}) at {clock:g} MHz: model, not measured"
    heads = "".join(
        f"{head:>{12 * len(sizes)}}" for head in ("its own codes", "8-bit codes")[: len(widths)]
    )
    return "\n".join(
        [title, f"geometry of the kernels: {chosen}", f"{'':<26}{heads}", *_rows(blocks, clock)]
    )


def _rows(blocks: list[Block], clock: float) -> Iterator[str]:
    rows = blocks[0].rows
    rates = [block.rate(clock) for block in blocks]
    codes = [block.code_bytes(rate) for block, rate in zip(blocks, rates, strict=True)]
    yield _row(f"{rows.unit}s a block", (block.frames for block in blocks))
    yield _row("beats of the code stream", (block.beats for block in blocks))
    yield _row("clocks a block", (block.cycles for block in blocks))
    yield _row(f"clocks a {rows.unit}", (block.cycles / block.frames for block in blocks))
    yield _row(f"{rows.unit}s a second", rates)
    if rows.raw:
        yield _row("microseconds a block", (block.cycles / clock for block in blocks))
        yield _row("bytes a row", (block.code_bytes(1) + rows.bytes for block in blocks))
    else:
        yield _row("times real time", (rate / REAL_TIME for rate in rates))
    yield _row("codes, MB/s", (each / 1e6 for each in codes))
    yield _row("rows, MB/s" if rows.raw else "spectra, MB/s", (r * rows.bytes / 1e6 for r in rates))
    if not rows.raw:
        live = (block.code_bytes(REAL_TIME) / 1e6 for block in blocks)
        yield _row("codes in real time, MB/s", live)
    yield f"{'bound by':<26}" + "".join(f"{block.bound:>12}" for block in blocks)


def _row(name: str, values: Sequence[float] | Iterator[float]) -> str:
    return f"{name:<26}" + "".join(f"{_number(value):>12}" for value in values)


def _number(value: float) -> str:
    """Format integers and values from 100 on without decimals, others with one."""
    return f"{value:,.0f}" if isinstance(value, int) or value >= 100 else f"{value:.1f}"
