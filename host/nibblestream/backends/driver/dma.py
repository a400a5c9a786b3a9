"""Driver of one channel of an AXI DMA in simple mode (AMD PG021).

`pynq.lib.dma` waits without a deadline, cannot be reset after an error, and accepts any buffer, so
this driver accesses the registers directly. Two writes start a transfer.
"""

from __future__ import annotations

from typing import Any, Final

from .deadline import Deadline
from .fault import BoardError

# PG021, table "Direct Register Mode": offsets from the channel's first register.
MM2S, S2MM = 0x00, 0x30
CONTROL, STATUS, ADDRESS, LENGTH = 0x00, 0x04, 0x18, 0x28
RUN, RESET = 1 << 0, 1 << 2
HALTED, IDLE = 1 << 0, 1 << 1
ERRORS: Final = {
    1 << 4: "internal error (a length of zero, or a packet longer than the buffer)",
    1 << 5: "slave error (the memory answered a read or write with an error)",
    1 << 6: "decode error (no memory at this address)",
}
RESET_SECONDS: Final = 1.0


class Channel:
    """A DMA channel, which moves one buffer at a time.

    Parameters
    ----------
    name : str
        Name for messages.
    mmio : pynq MMIO
        Registers of the DMA.
    base : int
        `MM2S` or `S2MM`.
    device : pynq Device
    """

    def __init__(self, name: str, mmio: Any, base: int, device: Any) -> None:
        self.name, self._mmio, self._base, self._device = name, mmio, base, device

    @property
    def receives(self) -> bool:
        """Whether the channel writes to memory."""
        return self._base == S2MM

    def reset(self) -> None:
        """Reset both channels of the DMA, which are then halted until `run`.

        Raises
        ------
        BoardError
            The reset does not end.
        """
        self._write(CONTROL, RESET)
        if not Deadline(RESET_SECONDS, self._device).until(lambda: not self._read(CONTROL) & RESET):
            raise BoardError(
                f"{self.name}: the DMA's reset does not end; is its clock running?",
                self.registers(),
            )

    def run(self) -> None:
        """Let the channel run; after a halt on an error, it needs a reset first."""
        self._write(CONTROL, RUN)

    def start(self, address: int, size: int) -> None:
        """Start a transfer of `size` bytes from or to a physical address of 32 bits."""
        self._write(ADDRESS, int(address))
        self._write(LENGTH, int(size))

    def idle(self) -> bool:
        """Return whether the transfer is done.

        Raises
        ------
        BoardError
            The transfer ended in an error.
        """
        status = self._read(STATUS)
        for bit, meaning in ERRORS.items():
            if status & bit:
                raise BoardError(f"{self.name}: DMA {meaning}", self.registers())
        return bool(status & IDLE)

    def moved(self) -> int:
        """Return the bytes that a receiving channel received."""
        return self._read(LENGTH)

    def registers(self) -> dict[str, int]:
        """Return the registers for error messages."""
        kind = "S2MM" if self.receives else "MM2S"
        named = (("DMACR", CONTROL), ("DMASR", STATUS), ("LENGTH", LENGTH))
        return {f"{self.name} {kind}_{name}": self._read(offset) for name, offset in named}

    def _read(self, offset: int) -> int:
        return int(self._mmio.read(self._base + offset))

    def _write(self, offset: int, value: int) -> None:
        self._mmio.write(self._base + offset, value)
