"""Backends, which compute the network's integers: one Protocol, rows of integers in and out."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from ..fixed import IntArray
from ..geometry import Geometry
from ..hardware.traffic import Counted
from ..network.model import QuantizedModel


class Backend(Protocol):
    """A model on one backend."""

    one_at_a_time: bool
    """Whether only one stream can run at a time, as on a board, which holds one state."""

    geometry: Geometry
    """Geometry of the kernels, for which codes are laid out; of `emu`, the default."""

    block: int
    """Most rows that share one pass over the codes."""

    def reset(self) -> None:
        """Forget all previous rows."""

    def process(self, rows: IntArray) -> npt.NDArray[np.int32]:
        """Return the outputs of the next rows, int32 in and out, in the shapes of `model.rows`.

        For speech: frames (n, 129, 2) in `spec.SPECTRUM`, both. Otherwise inputs (n, inputs) and
        outputs (n, outputs), in the formats of the first and of the last layer.
        """

    def counted(self) -> Counted | None:
        """Return the bytes moved so far, or None without hardware that counts them."""

    def saturated(self) -> list[int] | None:
        """Return how many outputs of each layer saturated so far, or None if nothing counts them.

        Layers whose outputs are excluded from saturation by a bound count 0.
        """

    def close(self) -> None:
        """Release the backend's resources."""


# Module and class of each backend; imported on demand, as some need packages that laptops lack.
BACKENDS = {
    "emu": "emu.Emulation",
    "csim": "csim.CSimulation",
    "virtual": "virtual.backend.Virtual",
    "pynq": "driver.backend.OnBoard",
}


def connect(name: str, model: QuantizedModel, geometry: Geometry | None = None) -> Backend:
    """Return the backend of that name, with the model loaded.

    Parameters
    ----------
    name : {"emu", "csim", "virtual", "pynq"}
    model : QuantizedModel
    geometry : Geometry, optional
        Of the kernels; if None, the default for `csim`, else that of the board. The results do not
        depend on it. `emu` has no kernels and refuses one; `pynq` finds out what the board has, and
        refuses another.

    Raises
    ------
    ValueError
        No backend has that name, or the geometry cannot run the model.
    RuntimeError
        The backend needs the pynq package, which is not installed.
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
    if geometry is None:
        return cast(Backend, maker(model))
    if name == "emu":
        raise ValueError(f"backend 'emu' has no kernels; expected no geometry, found {geometry}")
    backend: Backend = maker(model, geometry)
    return backend
