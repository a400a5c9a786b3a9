"""The cost of a network on a board: bytes, and modelled clocks."""

from __future__ import annotations

from dataclasses import dataclass

from ...hardware.boards import Board
from ...hardware.cycles import Block
from ...hardware.traffic import layers_of, rows_of, stream_bytes
from ...network.fit import block_of
from ...network.float_model import FloatModel
from ...network.model import QuantizedModel


@dataclass(frozen=True)
class Cost:
    """Bytes are exact; clocks are modelled, for one row and for consecutive full blocks.

    Parameters
    ----------
    codes : int
        Bytes of all weights.
    stream : int
        Bytes that a block reads: codes with headers, tables, biases and padding.
    block : int
        Rows in a full block.
    block_clocks, row_clocks : int
        Clocks of a full block, and of a block of one row.
    rows_per_second : float
    latency_us : float
        Of one row by itself, in microseconds.
    """

    codes: int
    stream: int | None = None
    block: int | None = None
    block_clocks: int | None = None
    row_clocks: int | None = None
    rows_per_second: float | None = None
    latency_us: float | None = None


def cost(model: FloatModel | QuantizedModel, board: Board) -> Cost:
    """Return the cost of a model; a float model has only bytes, as no board runs it."""
    if isinstance(model, FloatModel):
        return Cost(sum(weights.nbytes for weights in model.weights))
    layers, rows = layers_of(model, geometry=board.geometry), rows_of(model)
    block = block_of(model, board.geometry)
    full, one = Block(layers, block, rows), Block(layers, 1, rows)
    return Cost(
        codes=model.ideal_bytes,
        stream=stream_bytes(layers),
        block=block,
        block_clocks=full.cycles,
        row_clocks=one.cycles,
        rows_per_second=full.rate(board.clock_mhz),
        latency_us=one.cycles / board.clock_mhz,
    )
