"""A kernel's registers, found by name in the hardware handoff."""

from __future__ import annotations

from typing import Any

from pynq import DefaultIP

from ... import spec
from .fault import BoardError

KERNELS = ("cordic_vectoring", "lut_mac", "cordic_rotation")
START, DONE, IDLE = 1 << 0, 1 << 1, 1 << 2


class Kernel(DefaultIP):  # type: ignore[misc]  # pynq has no types
    """The driver that pynq binds to the three kernels."""

    bindto = [spec.CELLS[name].vlnv for name in KERNELS]  # noqa: RUF012  # pynq reads it

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description=description)
        self.name = description["fullpath"]
        registers = description["registers"]
        self._offsets = {name: entry["address_offset"] for name, entry in registers.items()}
        self._held: dict[str, int] = {}

    def set(self, **arguments: int) -> None:
        """Write arguments, except those that the registers already hold."""
        for name, value in arguments.items():
            if self._held.get(name) != value:
                self.mmio.write(self._offset(name), int(value))
                self._held[name] = value

    def forget(self) -> None:
        """Discard the known register values, which a reset has cleared."""
        self._held.clear()

    def begin(self) -> None:
        """Start a call."""
        self.mmio.write(self._offset("CTRL"), START)

    def control(self) -> int:
        """Return CTRL. Reading it clears ap_done."""
        return int(self.mmio.read(self._offset("CTRL")))

    def result(self, name: str) -> int:
        """Return an output register."""
        return int(self.mmio.read(self._offset(name)))

    def _offset(self, name: str) -> int:
        if name not in self._offsets:
            raise BoardError(
                f"{self.name} has no register {name}; the handoff names "
                f"{', '.join(self._offsets)}: the overlay is not the one that this package drives"
            )
        return int(self._offsets[name])
