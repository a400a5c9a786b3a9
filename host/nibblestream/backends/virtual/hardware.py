"""The configured programmable logic: every cell with registers, at its address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from ...geometry import Geometry
from .clocks import Clocks
from .dma import Dma
from .faults import Faults
from .gpio import Gpio
from .handoff import Cell, Handoff
from .kernel import INPUTS, Kernel
from .memory import Memory
from .monitor import Monitor
from .timeline import Timeline
from .timing import Timing
from .wiring import Fabric


class BusError(Exception):
    """An access that no cell answers; a real board kills the process or hangs."""


class Registers(Protocol):
    """The registers of a cell."""

    def read(self, offset: int) -> int:
        """Return a register."""

    def write(self, offset: int, value: int) -> None:
        """Write a register."""


class Hardware:
    """The cells of a design.

    Parameters
    ----------
    handoff : Handoff
    geometry : Geometry
        Of the kernels.
    memory, clocks : Memory, Clocks
        Of the processing system.
    timeline, timing, faults : Timeline, Timing, Faults
    note : callable
        Is called with each error of the driver.

    Raises
    ------
    ValueError
        There is no model of a cell, a register or a connection.
    """

    def __init__(
        self,
        handoff: Handoff,
        geometry: Geometry,
        memory: Memory,
        clocks: Clocks,
        timeline: Timeline,
        timing: Timing,
        faults: Faults,
        note: Callable[[str], None],
    ) -> None:
        self.fabric = Fabric(handoff, geometry, timeline, timing, clocks.hertz, faults)
        self.monitors: list[Monitor] = []
        self._in_reset = False
        self._kernels: list[Kernel] = []
        self._cells: list[tuple[Cell, Registers]] = []
        makers: dict[str, Callable[[Cell], Registers]] = {
            "xilinx.com:ip:axi_dma:7.1": lambda cell: Dma(
                cell, self.fabric, memory, timeline, timing, faults, note, self._count
            ),
            "xilinx.com:ip:axi_perf_mon:5.0": lambda cell: Monitor(
                cell, handoff.watched(cell.name), timeline, clocks.hertz, faults
            ),
            "xilinx.com:ip:axi_gpio:2.0": lambda cell: Gpio(cell, self._drive),
        }
        kernel = partial(Kernel, fabric=self.fabric, faults=faults, note=note)
        makers |= {f"xilinx.com:hls:{name}:1.0": kernel for name in INPUTS}
        for cell in handoff.cells:
            if cell.vlnv not in makers:
                raise ValueError(f"there is no model of {cell.vlnv}, which {cell.name} is")
            self._add(cell, makers[cell.vlnv](cell))

    def find(self, address: int) -> tuple[Registers, int]:
        """Return the registers at an address and the offset in them; raise BusError if none are."""
        for cell, registers in self._cells:
            if cell.base <= address < cell.base + cell.size:
                if self._in_reset and isinstance(registers, Kernel):
                    raise BusError(f"{cell.name} was accessed at {address:#x} while held in reset")
                return registers, address - cell.base
        raise BusError(f"nothing answers at address {address:#x}")

    def _add(self, cell: Cell, registers: Registers) -> None:
        self._cells.append((cell, registers))
        if isinstance(registers, Monitor):
            self.monitors.append(registers)
        if isinstance(registers, Kernel):
            self._kernels.append(registers)

    def _count(self, dma: str, channel: str, size: int) -> None:
        for monitor in self.monitors:
            monitor.count(dma, channel, size)

    def _drive(self, lines: int) -> None:
        """Reset the kernels while the line is low; beats sent to streams meanwhile are lost."""
        self._in_reset = not lines & 1
        self.fabric.reset()
        if self._in_reset:
            for kernel in self._kernels:
                kernel.reset()
