"""Model of an AXI Performance Monitor (PG037) in advanced mode: byte and clock counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .faults import Faults, Miscount
from .handoff import Cell, Port
from .timeline import Timeline

CLOCK_HIGH, CLOCK_LOW, SAMPLE_CONTROL, SAMPLE = 0x00, 0x04, 0x28, 0x2C
SELECTORS, COUNTERS, SAMPLED, CONTROL = 0x44, 0x100, 0x200, 0x300
COUNT, RESET_COUNT, CLOCK, RESET_CLOCK = 1 << 0, 1 << 1, 1 << 16, 1 << 17
RESET_AT_SAMPLE: Final = 1 << 8
WRITTEN_BYTES, READ_BYTES = 2, 3  # metrics
WORD: Final = 0xFFFF_FFFF


class Monitor:
    """The registers of an AXI Performance Monitor.

    Byte i of the selectors says what counter i counts: bits 4 to 0 are the metric, bits 7 to 5 the
    slot. Only the metrics bytes read and bytes written are modelled; counters of others stay 0.

    Parameters
    ----------
    cell : Cell
    slots : sequence of Port or None
        The port that each slot monitors.
    timeline : Timeline
    clock : callable
        Returns the clock in Hz.
    faults : Faults

    Raises
    ------
    ValueError
        The monitor is not in advanced mode.
    """

    def __init__(
        self,
        cell: Cell,
        slots: Sequence[Port | None],
        timeline: Timeline,
        clock: Callable[[], float],
        faults: Faults,
    ) -> None:
        if cell.number("c_enable_profile", 0) or cell.number("c_enable_trace", 0):
            raise ValueError(f"{cell.name} is not in advanced mode; no other is modelled")
        self._slots, self._timeline, self._clock = slots, timeline, clock
        self._faults = faults
        counters = cell.number("c_num_of_counters", 8)
        self._selected = [0] * counters
        self._counted = [0] * counters
        self._sampled = [0] * counters
        self._control = self._sample_control = 0
        self._ticks = self._since = 0.0  # the clock counter, and the time of its last update
        self._sample_at = 0.0

    def count(self, dma: str, channel: str, size: int) -> None:
        """Add the bytes of a transfer to the counters of the slots that monitor it."""
        port = Port(dma, f"M_AXI_{channel.upper()}")
        metric = READ_BYTES if channel == "mm2s" else WRITTEN_BYTES
        for slot, watched in enumerate(self._slots):
            if watched == port and self._control & COUNT and not self._control & RESET_COUNT:
                wrong = self._faults.draw(Miscount, slot=slot)
                self._add(slot << 5 | metric, size + (wrong.bytes if wrong else 0))

    def read(self, offset: int) -> int:
        """Return a register. Reading SAMPLE latches all counters and gives the clocks since."""
        if offset == SAMPLE:
            return self._sample()
        if offset in (CLOCK_HIGH, CLOCK_LOW):
            return self._clocks() >> (32 if offset == CLOCK_HIGH else 0) & WORD
        for base, words in ((COUNTERS, self._counted), (SAMPLED, self._sampled)):
            index, rest = divmod(offset - base, 0x10)
            if 0 <= index < len(words) and not rest:
                return words[index]
        if 0 <= offset - SELECTORS < len(self._selected):
            first = offset - SELECTORS
            return int.from_bytes(self._selected[first : first + 4], "little")
        return {CONTROL: self._control, SAMPLE_CONTROL: self._sample_control}.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register."""
        if offset == CONTROL:
            self._write_control(value)
        elif offset == SAMPLE_CONTROL:
            self._sample_control = value
        elif 0 <= offset - SELECTORS < len(self._selected):
            first = offset - SELECTORS
            for i, byte in enumerate(value.to_bytes(4, "little")):
                if first + i < len(self._selected):
                    self._selected[first + i] = byte

    def _write_control(self, value: int) -> None:
        self._clocks()
        self._control = value
        if value & RESET_COUNT:
            self._counted = [0] * len(self._counted)
        if value & RESET_CLOCK:
            self._ticks = 0.0

    def _add(self, selected: int, size: int) -> None:
        for i, selector in enumerate(self._selected):
            if selector == selected:
                self._counted[i] = (self._counted[i] + size) & WORD

    def _sample(self) -> int:
        now = self._timeline.now
        ticks, self._sample_at = (now - self._sample_at) * self._clock(), now
        self._sampled = list(self._counted)
        if self._sample_control & RESET_AT_SAMPLE:
            self._counted = [0] * len(self._counted)
        return int(ticks) & WORD

    def _clocks(self) -> int:
        now = self._timeline.now
        if self._control & CLOCK and not self._control & RESET_CLOCK:
            self._ticks += (now - self._since) * self._clock()
        self._since = now
        return int(self._ticks)
