"""Float models in float64, with the interface of a backend."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel

Float = npt.NDArray[np.float64]


class Float64:
    """Evaluation of a plain float model.

    Parameters
    ----------
    model : FloatModel
    """

    def __init__(self, model: FloatModel) -> None:
        self._model = model

    def process(self, rows: Float) -> Float:
        """Return the outputs (n, outputs) of rows (n, inputs)."""
        return self._model(rows)

    def counted(self) -> None:
        """Return None: no memory traffic is counted."""

    def saturated(self) -> list[int]:
        """Return a zero for each layer: floats do not saturate."""
        return [0] * len(self._model.weights)

    def close(self) -> None:
        """Do nothing: there are no resources to release."""
