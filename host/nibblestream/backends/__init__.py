"""Where the integers are computed. One Protocol: integer spectra in, integer spectra out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray
from ..model import QuantizedModel
from .csim import CSimulation
from .emu import Emulation


class Backend(Protocol):
    """One model on one machine."""

    def reset(self) -> None:
        """Forget all previous frames."""

    def process(self, spectrum: IntArray) -> npt.NDArray[np.int32]:
        """Enhance the next frames: int32 (frames, 129, 2) in `spec.SPECTRUM`, in and out."""

    def close(self) -> None:
        """Free what the backend holds."""


BACKENDS: dict[str, Callable[[QuantizedModel], Backend]] = {
    "emu": Emulation,
    "csim": CSimulation,
}


def connect(name: str, model: QuantizedModel) -> Backend:
    """Return the backend of that name, with the model loaded.

    Raises
    ------
    ValueError
        There is no such backend.
    """
    if name not in BACKENDS:
        raise ValueError(f"no backend is called {name!r}; choose from {', '.join(BACKENDS)}")
    return BACKENDS[name](model)
