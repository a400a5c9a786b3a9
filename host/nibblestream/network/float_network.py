"""Float evaluation of a network, row by row, with the state of its layers with memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .float_model import FloatModel
from .memory import Memory

Array = npt.NDArray[Any]


class FloatNetwork:
    """A float model that remembers the rows it has seen, as `lutmac.Network` does in integers.

    Parameters
    ----------
    model : FloatModel
    """

    def __init__(self, model: FloatModel) -> None:
        self._model = model
        self.reset()

    def reset(self) -> None:
        """Forget all previous rows."""
        self._states: dict[int, Array] = {}

    def process(self, x: Array) -> Array:
        """Return the last layer's outputs (n, outputs) of the next rows (n, inputs), in float64."""
        for i, (weights, bias, cell) in enumerate(self._model.layers()):
            sums = x @ weights.T.astype(np.float64) + bias
            if isinstance(cell, Memory):
                state = self._states.get(i, np.zeros(sums.shape[1] // cell.sums))
                x, self._states[i] = cell.run(sums, state)
            else:
                x = cell(sums)
        return x
