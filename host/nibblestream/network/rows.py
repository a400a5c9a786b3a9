"""Rows of integers as 64-bit beats: a network's inputs and outputs as the DMA transfers them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray
from .pack import Beats


@dataclass(frozen=True)
class Rows:
    """The layout of rows: values in order, little-endian, each row padded to whole beats.

    Parameters
    ----------
    shape : tuple of int
        Shape of one row.
    bits : int
        Bits of a value, 16 or 32, two's complement.
    """

    shape: tuple[int, ...]
    bits: int

    @property
    def beats(self) -> int:
        """Beats per row."""
        return -(-math.prod(self.shape) * self.bits // spec.BEAT_BITS)

    def pack(self, rows: IntArray) -> Beats:
        """Return rows ``(n, *shape)`` as uint64 (n * beats,); values must fit `bits`."""
        size = math.prod(self.shape)
        padded = np.zeros((len(rows), self.beats * spec.BEAT_BITS // self.bits), self._dtype)
        padded[:, :size] = np.reshape(rows, (len(rows), size))
        return padded.view("<u8").reshape(-1).astype(np.uint64)

    def unpack(self, beats: Beats) -> npt.NDArray[np.int32]:
        """Return beats, uint64 (n * beats,), as rows, int32 ``(n, *shape)``."""
        values = beats.astype("<u8").view(self._dtype)
        values = values.reshape(-1, self.beats * spec.BEAT_BITS // self.bits)
        return values[:, : math.prod(self.shape)].reshape(-1, *self.shape).astype(np.int32)

    @property
    def _dtype(self) -> str:
        return f"<i{self.bits // 8}"
