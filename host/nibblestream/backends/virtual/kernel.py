"""Model of a kernel's AXI-Lite registers, as Vitis HLS generates them (ap_ctrl_hs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .faults import Faults, WrongIdentity
from .handoff import Cell, Register
from .process import Process
from .wiring import Fabric

CTRL, GIER, IER, ISR = 0x00, 0x04, 0x08, 0x0C
START, DONE, IDLE, READY, RESTART = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 7

# The arguments that are modelled; the handoff has their offsets and widths.
INPUTS: Final = {
    "cordic_vectoring": ("frames", "raw"),
    "lut_mac": ("frames", "beats", "bank", "reset", "raw_in", "raw_out"),
    "cordic_rotation": ("frames", "raw"),
}
OUTPUTS: Final = ("digest", "identity")  # of every kernel


class Kernel:
    """A kernel's registers; writing ap_start runs it on the fabric.

    Parameters
    ----------
    cell : Cell
        Its registers are found by name: the argument's, and for an output also `<name>_ctrl`.
    fabric : Fabric
    faults : Faults
    note : callable
        Is called with each error of the driver.

    Raises
    ------
    ValueError
        The handoff lacks a register of the kernel.
    """

    def __init__(
        self, cell: Cell, fabric: Fabric, faults: Faults, note: Callable[[str], None]
    ) -> None:
        self.name = cell.name
        self._fabric, self._faults, self._note = fabric, faults, note
        inputs = {name: _register(cell, name) for name in INPUTS[self.name]}
        self._inputs = {register.offset: name for name, register in inputs.items()}
        self._masks = {name: (1 << register.bits) - 1 for name, register in inputs.items()}
        self._outputs = {_register(cell, name).offset: name for name in OUTPUTS}
        self._valid = {_register(cell, f"{name}_ctrl").offset: name for name in OUTPUTS}
        self.reset()

    def reset(self) -> None:
        """Reset all registers."""
        self.process: Process | None = None
        self._flags = self._global = self._enable = self._interrupt = 0
        self._values = dict.fromkeys(INPUTS[self.name], 0)
        self._results = dict.fromkeys(OUTPUTS, 0)
        self._fresh: set[str] = set()

    def read(self, offset: int) -> int:
        """Return a register. Reading clears ap_done, ap_ready and an output's ap_vld."""
        if offset == CTRL:
            flags = self._flags | (START if self.process else IDLE)
            self._flags &= RESTART
            return flags
        if offset in self._valid:
            fresh = self._valid[offset] in self._fresh
            self._fresh.discard(self._valid[offset])
            return int(fresh)
        if offset in self._inputs:
            return self._values[self._inputs[offset]]
        if offset in self._outputs:
            return self._results[self._outputs[offset]]
        return {GIER: self._global, IER: self._enable, ISR: self._interrupt}.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register."""
        if offset == CTRL:
            self._write_control(value)
        elif offset in self._inputs:
            name = self._inputs[offset]
            if self.process:
                self._note(f"{self.name}: {name} was written while the kernel ran")
            self._values[name] = value & self._masks[name]
        elif offset == GIER:
            self._global = value & 1
        elif offset == IER:
            self._enable = value & 3
        elif offset == ISR:
            self._interrupt ^= value & 3

    def _write_control(self, value: int) -> None:
        self._flags = self._flags & ~RESTART | value & RESTART
        if value & START and self.process:
            self._note(f"{self.name}: started while it ran")
        elif value & START:
            self._start()

    def _start(self) -> None:
        self.process = self._fabric.kernel(self.name, self._values, self._done)

    def _done(self, process: Process) -> None:
        if process is not self.process:
            return  # the kernel was reset meanwhile
        self.process = None
        self._flags |= DONE | READY
        self._interrupt |= self._enable
        self._results |= process.outputs | {"identity": self._identity()}
        self._fresh.update(self._results)
        if self._flags & RESTART:
            self._start()

    def _identity(self) -> int:
        wrong = self._faults.draw(WrongIdentity, kernel=self.name)
        return wrong.value if wrong else self._fabric.geometry.identity


def _register(cell: Cell, register: str) -> Register:
    if register not in cell.registers:
        raise ValueError(
            f"{cell.name} has no register {register}; the handoff names {', '.join(cell.registers)}"
        )
    return cell.registers[register]
