"""A context manager that switches a virtual board on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pynq.ps
from pynq.pl_server.device import Device

from ...geometry import Geometry
from ...hardware import boards
from . import bitstream
from .device import VirtualDevice
from .faults import Fault
from .timing import Timing


@contextmanager
def board(
    name: str = "Pynq-Z2",
    handoff: Path | None = None,
    *,
    geometry: Geometry | None = None,
    faults: Iterable[Fault] = (),
    timing: Timing | None = None,
) -> Iterator[VirtualDevice]:
    """Switch a virtual board on: within the context it is the only one that `pynq` has.

    Parameters
    ----------
    name : str
        Name of the board, and the value of $BOARD within the context.
    handoff : Path, optional
        The .hwh of the design, from which the .bit at `device.bitstream` is written.
    geometry : Geometry, optional
        Of the kernels; the board's default if None.
    faults : iterable of Fault
        Faults to inject.
    timing : Timing, optional

    Yields
    ------
    VirtualDevice

    Examples
    --------
    >>> with board("Pynq-Z2", handoff, faults=[faults.ShortPacket(beats=5)]) as device:
    ...     overlay = pynq.Overlay(str(device.bitstream))  # doctest: +SKIP
    """
    found = boards.find(name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nibblestream-")))
        device = VirtualDevice(found, faults, timing)
        if handoff is not None:
            device.bitstream = bitstream.write(
                folder, handoff, found.part, geometry or found.geometry
            )
        stack.enter_context(_entry(os.environ, "BOARD", name))
        stack.enter_context(_entry(vars(pynq.ps), "CPU_ARCH", device.arch))  # for pynq 3.0
        stack.enter_context(_active(device))
        yield device


@contextmanager
def _entry(of: MutableMapping[str, Any], key: str, value: str) -> Iterator[None]:
    """Set an entry of a mapping within the context."""
    before = of.get(key)
    of[key] = value
    try:
        yield
    finally:
        if before is None:
            del of[key]
        else:
            of[key] = before


@contextmanager
def _active(device: VirtualDevice) -> Iterator[None]:
    """Make a device the one that `pynq` uses; `Clocks`, which keeps the first one, is cleared."""
    before = getattr(Device, "_active_device", None)
    _forget_clocks()
    Device.active_device = device
    try:
        yield
    finally:
        _forget_clocks()
        if before is None:
            del Device._active_device
        else:
            Device.active_device = before


def _forget_clocks() -> None:
    if hasattr(pynq.ps.Clocks, "_real_instance"):
        del pynq.ps.Clocks._real_instance
    if hasattr(pynq.ps.Clocks, "device"):
        pynq.ps.Clocks.device = None
