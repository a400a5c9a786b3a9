"""Frames in blocks, and the state of the network in two banks: what the kernels ask of a host."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray

Int32 = npt.NDArray[np.int32]


class Blockwise(ABC):
    """A backend that runs blocks of up to `block` frames.

    Parameters
    ----------
    block : int
    """

    one_at_a_time = False

    def __init__(self, block: int) -> None:
        self._block = block
        self.reset()

    def reset(self) -> None:
        """Forget all previous frames."""
        self._bank, self._fresh = 0, True

    def process(self, spectrum: IntArray) -> Int32:
        """Enhance the next frames: int32 (frames, 129, 2) in `spec.SPECTRUM`, in and out."""
        parts = [np.empty((0, spec.BINS, 2), np.int32)]
        for at in range(0, len(spectrum), self._block):
            parts.append(self.run(spectrum[at : at + self._block], self._bank, self._fresh))
            self._bank, self._fresh = 1 - self._bank, False  # a block that raised is not counted
        return np.concatenate(parts)

    @abstractmethod
    def run(self, spectrum: IntArray, bank: int, reset: bool) -> Int32:
        """Run one block: its state before is in `bank`, or empty if `reset`; after, in the other.

        The same call again gives the same bits.
        """
