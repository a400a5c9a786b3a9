"""Whose time it is: this machine's, or a virtual board's."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .figures import MEASURED, MODELLED

if TYPE_CHECKING:
    from ...backends.virtual import Ledger, VirtualDevice


class Wall:
    """The time of this machine."""

    kind = MEASURED

    def now(self) -> float:
        """Return a time in seconds."""
        return time.perf_counter()

    def ledger(self) -> Ledger | None:
        """Return None: nobody tells where this machine's time goes."""
        return None


class BoardTime:
    """A virtual board's own time.

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
        """Return where it went so far."""
        return self._device.timeline.ledger()


def parameters(device: VirtualDevice) -> dict[str, Any]:
    """Return what a virtual board's times come from: its name, its clock in Hz, its `Timing`."""
    hertz = device.clocks.hertz()
    return {"board": device.board.name, "clock": hertz, **asdict(device.timing)}
