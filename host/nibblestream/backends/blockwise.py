"""Base class of backends that run frames in blocks, with the network's state in two banks."""

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
            self._bank, self._fresh = 1 - self._bank, False  # only if the block did not raise
        return np.concatenate(parts)

    @abstractmethod
    def run(self, spectrum: IntArray, bank: int, reset: bool) -> Int32:
        """Run one block.

        The state before the block is read from `bank`, or taken as empty if `reset`; the state
        after it is written to the other bank. So the same call again gives the same bits.
        """
