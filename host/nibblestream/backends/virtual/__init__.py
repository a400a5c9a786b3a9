"""A board that exists as a model, for the real `pynq` package to drive.

`with board("Pynq-Z2", handoff) as device:` switches one on. Its register models follow AMD's
product guides and the headers that Vitis HLS writes; its kernels are the C++ that Vitis HLS builds
from, compiled. What it counts, it counts exactly; its times are a model's, from the parameters in
`Timing`.
"""

from __future__ import annotations

from . import faults
from .board import board
from .device import VirtualDevice
from .hardware import BusError
from .timeline import HungError, Ledger
from .timing import Timing

__all__ = ["BusError", "HungError", "Ledger", "Timing", "VirtualDevice", "board", "faults"]
