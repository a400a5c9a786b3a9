"""Model of an AXI DMA in simple mode, with the registers of PG021."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from ...hardware.traffic import BEAT_BYTES
from .faults import DmaError, Faults, FlipBit
from .handoff import Cell
from .memory import DecodeError, Memory
from .process import Process
from .timeline import Timeline
from .timing import Timing
from .wiring import Fabric

CR, SR, ADDRESS, ADDRESS_MSB, LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28
CHANNELS: Final = {"mm2s": 0x00, "s2mm": 0x30}
RUN, RESET, CR_FIXED = 1 << 0, 1 << 2, 0x0001_0002
CR_WRITABLE: Final = RUN | 0x7008  # keyhole and the three interrupt enables
HALTED, IDLE = 1 << 0, 1 << 1
ERRORS: Final = {"internal": 1 << 4, "slave": 1 << 5, "decode": 1 << 6}
COMPLETE, ERROR_INTERRUPT, INTERRUPTS = 1 << 12, 1 << 14, 0x7000
STREAMS: Final = {
    ("dma_spectra", "mm2s"): "spectrum",
    ("dma_codes", "mm2s"): "codes",
    ("dma_codes_high", "mm2s"): "codes_high",
    ("dma_spectra", "s2mm"): "enhanced",
}
RESET_TIME: Final = 1e-6  # until the reset bit reads 0 again

Note = Callable[[str], None]
Count = Callable[[str, str, int], None]  # (DMA, channel, bytes) to the performance monitors


class Channel:
    """One direction of a DMA, and its registers.

    Writing LENGTH starts a transfer. An error halts the channel until the DMA is reset.
    """

    def __init__(self, dma: Dma, name: str, cell: Cell) -> None:
        self.dma, self.name = dma, name
        self.stream = STREAMS[cell.name, name]
        self._mask = (1 << cell.number("c_sg_length_width", 14)) - 1
        self._address_mask = (1 << cell.number("c_addr_width", 32)) - 1
        aligned = not cell.number(f"c_include_{name}_dre", 0)
        self._align = cell.number(f"c_m_axi_{name}_data_width", 32) // 8 if aligned else 1
        self.process: Process | None = None
        self.reset()

    def reset(self) -> None:
        """Reset all registers; a transfer under way is lost."""
        self.dma.fabric.stop(self.process, self.stream)
        self.process = None
        self._control, self._status = 0, HALTED
        self._address, self._length = 0, 0

    def read(self, offset: int) -> int:
        """Return a register."""
        if offset == CR:
            return self._control | CR_FIXED | (RESET if self.dma.resetting else 0)
        words = {SR: self._status, ADDRESS: self._address, ADDRESS_MSB: self._address >> 32}
        words[LENGTH] = self._length
        return words.get(offset, 0) & 0xFFFF_FFFF

    def write(self, offset: int, value: int) -> None:
        """Write a register."""
        if offset == CR:
            self._write_control(value)
        elif offset == SR:
            self._status &= ~(value & INTERRUPTS)
        elif offset == ADDRESS:
            self._address = (self._address & ~0xFFFF_FFFF | value) & self._address_mask
        elif offset == ADDRESS_MSB:
            self._address = (self._address & 0xFFFF_FFFF | value << 32) & self._address_mask
        elif offset == LENGTH:
            self._write_length(value)

    def fail(self, kind: str) -> None:
        """Halt the channel with an error."""
        self.process = None
        self._control &= ~RUN
        self._status = self._status & ~IDLE | HALTED | ERRORS[kind] | ERROR_INTERRUPT

    def finish(self, length: int) -> None:
        """End a transfer of `length` bytes."""
        self.process = None
        self._length = length
        self._status |= IDLE | COMPLETE
        if not self._control & RUN:
            self._halt()

    def _write_control(self, value: int) -> None:
        if value & RESET:
            self.dma.reset()
            return
        failed = self._status & sum(ERRORS.values())
        self._control = value & (CR_WRITABLE & ~RUN if failed else CR_WRITABLE)
        if self._control & RUN:
            self._status &= ~HALTED
        elif not self.process:  # otherwise it halts when the transfer ends
            self._halt()

    def _halt(self) -> None:
        self._status = self._status & ~IDLE | HALTED

    def _write_length(self, value: int) -> None:
        what = f"{self.dma.name}.{self.name}"
        if value & ~self._mask:
            self.dma.note(f"{what}: LENGTH {value:#x} has more bits than the register")
        if self.process:
            self.dma.note(f"{what}: LENGTH was written while a transfer was under way")
            return
        self._length = value & self._mask
        if self._status & HALTED:
            self.dma.note(f"{what}: LENGTH was written while the channel was halted")
        elif not self._length:
            self.dma.note(f"{what}: LENGTH 0 starts nothing")
        else:
            self._start(what)

    def _start(self, what: str) -> None:
        address = self._address - self._address % self._align
        if address != self._address:
            self.dma.note(f"{what}: address {self._address:#x} is not a multiple of {self._align}")
        self._status &= ~IDLE
        error = self.dma.faults.draw(DmaError, dma=self.dma.name, channel=self.name)
        try:
            if error:
                raise DecodeError(error.kind)
            transfer = self._send if self.name == "mm2s" else self._receive
            self.process = transfer(address, self._length)
        except DecodeError as problem:
            self.process = Process(what, 0.0, 1.0)  # busy until the error returns
            self.dma.later(self.process, partial(self.fail, problem.kind))

    def _send(self, address: int, length: int) -> Process:
        self._flip(address)
        data = self.dma.memory.fetch(address, length)
        words = np.concatenate([data, np.zeros(-length % BEAT_BYTES, np.uint8)]).view("<u8")

        def done(process: Process) -> None:
            if process is self.process:
                self.dma.count(self.dma.name, self.name, len(words) * BEAT_BYTES)
                self.finish(length)

        return self.dma.fabric.send(self.stream, words.astype(np.uint64), done)

    def _flip(self, address: int) -> None:
        if flip := self.dma.faults.draw(FlipBit, dma=self.dma.name, channel=self.name):
            self.dma.memory.flip(address, flip.bit)

    def _receive(self, address: int, length: int) -> Process:
        def done(process: Process) -> None:
            if process is not self.process:
                return
            data = process.received.astype("<u8").view(np.uint8)
            try:
                self.dma.memory.store(address, data[:length])
                self._flip(address)
            except DecodeError as problem:
                self.fail(problem.kind)
                return
            self.dma.count(self.dma.name, self.name, min(len(data), length))
            if process.overrun or len(data) > length:
                self.fail("internal")
            else:
                self.finish(len(data))

        return self.dma.fabric.receive(self.stream, -(-length // BEAT_BYTES), done)


class Dma:
    """The registers of an AXI DMA.

    Parameters
    ----------
    cell : Cell
    fabric, memory : Fabric, Memory
        The streams and the memory that data moves between.
    timeline, timing, faults : Timeline, Timing, Faults
    note : callable
        Is called with each error of the driver.
    count : callable
        Is called with the bytes that a transfer moved.

    Raises
    ------
    ValueError
        The DMA has a scatter-gather engine, which is not modelled.
    """

    def __init__(
        self,
        cell: Cell,
        fabric: Fabric,
        memory: Memory,
        timeline: Timeline,
        timing: Timing,
        faults: Faults,
        note: Note,
        count: Count,
    ) -> None:
        if cell.number("c_include_sg", 1):
            raise ValueError(
                f"{cell.name} has a scatter-gather engine; only simple mode is modelled"
            )
        self.name, self.fabric, self.memory = cell.name, fabric, memory
        self.faults, self.note, self.count = faults, note, count
        self._timeline, self._timing = timeline, timing
        self._reset_until = 0.0
        self._channels = {
            base: Channel(self, name, cell)
            for name, base in CHANNELS.items()
            if cell.number(f"c_include_{name}", 1)
        }

    @property
    def resetting(self) -> bool:
        """Whether a reset is still under way."""
        return self._timeline.now < self._reset_until

    def reset(self) -> None:
        """Reset both channels, as the reset bit of either one does."""
        self._reset_until = self._timeline.now + RESET_TIME
        for channel in self._channels.values():
            channel.reset()

    def read(self, offset: int) -> int:
        """Return a register, or 0 where there is no channel."""
        base = 0x30 if offset >= 0x30 else 0x00
        return self._channels[base].read(offset - base) if base in self._channels else 0

    def write(self, offset: int, value: int) -> None:
        """Write a register; do nothing where there is no channel."""
        base = 0x30 if offset >= 0x30 else 0x00
        if base in self._channels and not self.resetting:
            self._channels[base].write(offset - base, value)

    def later(self, process: Process, action: Callable[[], None]) -> None:
        """Run an action after the memory's latency, unless the channel was reset by then."""

        def due() -> None:
            if any(channel.process is process for channel in self._channels.values()):
                action()

        self._timeline.at(self._timeline.now + self._timing.latency, due)
