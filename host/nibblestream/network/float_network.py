"""Float evaluation of a network, row by row, with the state of its layers with memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..geometry import DEFAULT
from .float_model import FloatModel
from .memory import Memory
from .recurrent import Recurrent

Array = npt.NDArray[Any]


class FloatNetwork:
    """A float model that remembers the rows it has seen, as `lutmac.Network` does in integers.

    Parameters
    ----------
    model : FloatModel
    dtype : dtype
        float64 or float32.
    """

    geometry, block = DEFAULT, spec.MAX_BLOCK  # as the emulation has; nothing depends on them

    def __init__(self, model: FloatModel, dtype: npt.DTypeLike = np.float64) -> None:
        self._dtype = dtype
        self._layers = [
            (np.ascontiguousarray(weights.T, dtype), bias.astype(dtype), cell)
            for weights, bias, cell in model.layers()
        ]
        self.reset()

    def reset(self) -> None:
        """Forget all previous rows."""
        self._states: dict[int, Array] = {}

    def process(self, x: Array) -> Array:
        """Return the last layer's outputs (n, outputs) of the next rows (n, inputs)."""
        for i, (weights, bias, cell) in enumerate(self._layers):
            if isinstance(cell, Recurrent):
                x, self._states[i] = cell.run(x, self._state(i), weights.T, bias)
            elif isinstance(cell, Memory):
                x, self._states[i] = cell.run(x @ weights + bias, self._state(i))
            else:
                x = cell(x @ weights + bias)
        return x

    def _state(self, i: int) -> Array:
        """Return the state of a layer, zeros before its first row."""
        _, bias, cell = self._layers[i]
        return self._states.get(i, np.zeros(len(bias) // cell.sums, self._dtype))

    def counted(self) -> None:
        """Return None: no memory traffic is counted."""

    def saturated(self) -> list[int]:
        """Return a zero for each layer: floats do not saturate."""
        return [0] * len(self._layers)

    def close(self) -> None:
        """Do nothing: there are no resources to release."""
