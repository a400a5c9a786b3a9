"""Where the integers are computed. One Protocol: integer spectra in, integer spectra out."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray
from ..hardware.traffic import Counted
from ..network.model import QuantizedModel


class Backend(Protocol):
    """One model on one machine."""

    one_at_a_time: bool
    """Whether there is one machine, which holds the state of one stream."""

    def reset(self) -> None:
        """Forget all previous frames."""

    def process(self, spectrum: IntArray) -> npt.NDArray[np.int32]:
        """Enhance the next frames: int32 (frames, 129, 2) in `spec.SPECTRUM`, in and out."""

    def counted(self) -> Counted | None:
        """Return the bytes that moved so far, if there is hardware that counts them."""

    def close(self) -> None:
        """Free what the backend holds."""


# Where each is: imported when it is asked for, as a board's needs what a laptop lacks.
BACKENDS = {
    "emu": "emu.Emulation",
    "csim": "csim.CSimulation",
    "virtual": "virtual.backend.Virtual",
    "pynq": "driver.backend.OnBoard",
}


def connect(name: str, model: QuantizedModel) -> Backend:
    """Return the backend of that name, with the model loaded.

    Raises
    ------
    ValueError
        There is no such backend.
    RuntimeError
        It needs the pynq package, which is not installed.
    """
    if name not in BACKENDS:
        raise ValueError(f"no backend is called {name!r}; choose from {', '.join(BACKENDS)}")
    module, kind = BACKENDS[name].rsplit(".", 1)
    try:
        maker = getattr(import_module(f".{module}", __package__), kind)
    except ModuleNotFoundError as error:
        raise RuntimeError(
            f"backend {name!r} needs the package {error.name}, which is not installed: "
            "pip install 'nibblestream[pynq]'"
        ) from error
    backend: Backend = maker(model)
    return backend
