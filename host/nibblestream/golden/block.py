"""One call of a kernel, and the file that holds many.

A file is a row of little-endian 64-bit words: `MAGIC`, `VERSION`, the kernel's number, the number
of blocks. Each block is: its arguments; then each stream the kernel takes and each it gives, as
its length and its beats; then the registers it answers. All are in the order of the parameters of
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
from ..network.pack import Beats

MAGIC = int.from_bytes(b"NIBLGOLD", "little")
VERSION = 1
SIZES = (0, 1, 2, 7, 8, 9, 31, 32)  # frames of a block: both ends, and around the frame lanes


@dataclass(frozen=True)
class Block:
    """One call of a kernel.

    Parameters
    ----------
    arguments : tuple of int
        The number of frames first.
    inputs, outputs : tuple of uint64 (n,)
        Beats of the streams taken and given.
    registers : tuple of int
        What is read back when the call is done.
    """

    arguments: tuple[int, ...]
    inputs: tuple[Beats, ...]
    outputs: tuple[Beats, ...]
    registers: tuple[int, ...]

    def words(self) -> Beats:
        """Return what a file holds of the block."""
        parts = [words(*self.arguments)]
        for stream in (*self.inputs, *self.outputs):
            parts += [words(len(stream)), stream]
        return np.concatenate([*parts, words(*self.registers)])


def words(*values: int) -> Beats:
    """Return integers as words of a file."""
    return np.array(values, np.uint64)


def beats(layout: spec.Layout, **values: IntArray) -> Beats:
    """Lay integers into the fields of beats: as many beats, in order, as each array has values.

    Negative ones become two's complement of their field.
    """
    laid = [
        (np.ravel(value).astype(np.int64) & ((1 << layout[name].bits) - 1)).astype(np.uint64)
        << np.uint64(layout[name].low)
        for name, value in values.items()
    ]
    return np.asarray(np.bitwise_or.reduce(laid))


def write(path: Path, kernel: int, blocks: Sequence[Block]) -> None:
    """Write the file of a kernel, whole or not at all."""
    header = words(MAGIC, VERSION, kernel, len(blocks))
    content = np.concatenate([header, *(block.words() for block in blocks)])
    with replacing(path) as temporary:
        temporary.write_bytes(content.astype("<u8").tobytes())
