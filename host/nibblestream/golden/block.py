"""One call of a kernel with its expected outputs, and the file format for a list of calls.

A file consists of little-endian 64-bit words: `MAGIC`, `VERSION`, the kernel's number, the number
of blocks, and the blocks. A block is its arguments; then each input stream and each output stream,
as its length and its beats; then the output registers. All are in the order of the parameters of
the kernel's top function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import spec
from ..files.atomic import replacing
from ..fixed import IntArray
from ..geometry import Geometry
from ..network.pack import Beats

MAGIC = int.from_bytes(b"NIBLGOLD", "little")
VERSION = 2


@dataclass(frozen=True)
class Block:
    """One call of a kernel.

    Parameters
    ----------
    arguments : tuple of int
        The kernel's arguments; the number of frames is first.
    inputs, outputs : tuple of uint64 (n,)
        Beats of the input and output streams.
    registers : tuple of int
        Output registers after the call.
    """

    arguments: tuple[int, ...]
    inputs: tuple[Beats, ...]
    outputs: tuple[Beats, ...]
    registers: tuple[int, ...]

    def words(self) -> Beats:
        """Return the block as words of a file."""
        parts = [words(*self.arguments)]
        for stream in (*self.inputs, *self.outputs):
            parts += [words(len(stream)), stream]
        return np.concatenate([*parts, words(*self.registers)])


def words(*values: int) -> Beats:
    """Return integers as words of a file."""
    return np.array(values, np.uint64)


def beats(layout: spec.Layout, **values: IntArray) -> Beats:
    """Pack arrays of integers into the fields of beats, one beat per element.

    Negative values are stored in two's complement of the field's width.
    """
    laid = [
        (np.ravel(value).astype(np.int64) & ((1 << layout[name].bits) - 1)).astype(np.uint64)
        << np.uint64(layout[name].low)
        for name, value in values.items()
    ]
    return np.asarray(np.bitwise_or.reduce(laid))


def changed(stream: Beats, at: int, field: spec.Field, value: int) -> Beats:
    """Return a copy of the stream with another value in a field of one beat."""
    mask = ((1 << field.bits) - 1) << field.low
    other = stream.copy()
    other[at] = int(stream[at]) & ~mask | value << field.low
    return other


def sizes(geometry: Geometry) -> list[int]:
    """Return frames per block: both extremes, and around the frame lanes."""
    lanes, block = geometry.frame_lanes, geometry.block
    found = {0, 1, 2, lanes - 1, lanes, lanes + 1, block - 1, block}
    return sorted(size for size in found if size <= block)


def ports(stream: Beats, geometry: Geometry) -> tuple[Beats, ...]:
    """Return the beats of each memory port of a code stream."""
    return tuple(stream[port :: geometry.ports] for port in range(geometry.ports))


def write(path: Path, kernel: int, blocks: Sequence[Block]) -> None:
    """Write the file of a kernel atomically."""
    header = words(MAGIC, VERSION, kernel, len(blocks))
    content = np.concatenate([header, *(block.words() for block in blocks)])
    with replacing(path) as temporary:
        temporary.write_bytes(content.astype("<u8").tobytes())
