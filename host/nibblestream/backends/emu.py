"""Backend `emu`: the normative integer arithmetic in NumPy, for any machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray
from ..geometry import DEFAULT
from ..network.lutmac import Network
from ..network.model import QuantizedModel
from ..speech.pipeline import Pipeline


class Emulation:
    """`Pipeline`, or the layers alone for models without speech around them, as a backend.

    Parameters
    ----------
    model : QuantizedModel
    """

    one_at_a_time = False
    geometry = DEFAULT

    def __init__(self, model: QuantizedModel) -> None:
        self.block = model.block
        self._rows = Network(model) if model.front.raw else Pipeline(model)

    def process(self, rows: IntArray) -> npt.NDArray[np.int32]:
        """Return the outputs of the next rows."""
        return self._rows.process(rows)

    def reset(self) -> None:
        """Forget all previous rows."""
        self._rows.reset()

    def counted(self) -> None:
        """Return None: an emulation has no hardware counters."""

    def saturated(self) -> list[int] | None:
        """Return how many outputs of each layer saturated so far; None for speech."""
        return self._rows.saturated if isinstance(self._rows, Network) else None

    def close(self) -> None:
        """Do nothing: there are no resources to release."""
