"""Clocks of a benchmark: the host's wall clock, or the simulated time of a virtual board."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .figures import MEASURED, MODELLED

if TYPE_CHECKING:
    from ...backends.virtual import Ledger, VirtualDevice


class Wall:
    """The wall clock of the host."""

    kind = MEASURED

    def now(self) -> float:
        """Return a time in seconds."""
        return time.perf_counter()

    def ledger(self) -> Ledger | None:
        """Return None: the host has no timing breakdown."""
        return None


class BoardTime:
    """The simulated time of a virtual board.

    Parameters
    ----------
    device : VirtualDevice
    """

    kind = MODELLED

    def __init__(self, device: VirtualDevice) -> None:
        self._device = device

    def now(self) -> float:
        """Return a time in seconds."""
        return self._device.timeline.monotonic()

    def ledger(self) -> Ledger | None:
        """Return the timing breakdown so far."""
        return self._device.timeline.ledger()


def parameters(device: VirtualDevice) -> dict[str, Any]:
    """Return the parameters of a virtual board's timing model: name, clock in Hz, `Timing`."""
    hertz = device.clocks.hertz()
    return {"board": device.board.name, "clock": hertz, **asdict(device.timing)}
