"""A virtual board: a model of the hardware, driven through the real `pynq` package.

`with board("Pynq-Z2", handoff) as device:` switches one on. Its register models follow AMD's
product guides and the headers that Vitis HLS writes; its kernels are the C++ sources for Vitis HLS,
compiled. Its byte counts are exact; its times are modelled, with the parameters in `Timing`.
"""

from __future__ import annotations

from . import faults
from .board import board
from .device import VirtualDevice
from .hardware import BusError
from .timeline import HungError, Ledger
from .timing import Timing

__all__ = ["BusError", "HungError", "Ledger", "Timing", "VirtualDevice", "board", "faults"]
