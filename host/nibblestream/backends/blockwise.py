"""Base class of backends that run rows in blocks, with the network's state in two banks."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray
from ..geometry import Geometry
from ..network.fit import block_of
from ..network.model import QuantizedModel

Int32 = npt.NDArray[np.int32]


class Blockwise(ABC):
    """A backend that runs blocks of rows.

    Parameters
    ----------
    model : QuantizedModel
    geometry : Geometry
        Of the kernels; it limits the rows of a block.

    Raises
    ------
    ValueError
        The geometry cannot run the model.
    """

    one_at_a_time = False

    def __init__(self, model: QuantizedModel, geometry: Geometry) -> None:
        self.geometry, self._outputs = geometry, model.rows[1]
        self.block = block_of(model, geometry)
        self.reset()

    def reset(self) -> None:
        """Forget all previous rows."""
        self._bank, self._fresh = 0, True

    def process(self, rows: IntArray) -> Int32:
        """Return the outputs of the next rows; see `Backend.process`."""
        parts = [np.empty((0, *self._outputs.shape), np.int32)]
        for at in range(0, len(rows), self.block):
            parts.append(self.run(rows[at : at + self.block], self._bank, self._fresh))
            self._bank, self._fresh = 1 - self._bank, False  # only if the block did not raise
        return np.concatenate(parts)

    def saturated(self) -> None:
        """Return None: the kernels do not count outputs that saturate."""
        return None

    @abstractmethod
    def run(self, rows: IntArray, bank: int, reset: bool) -> Int32:
        """Run one block.

        The state before the block is read from `bank`, or taken as empty if `reset`; the state
        after it is written to the other bank. So the same call again gives the same bits.
        """
