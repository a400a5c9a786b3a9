"""Driver of the AXI Performance Monitor (AMD PG037), which counts bytes in hardware."""

from __future__ import annotations

from typing import Any, Final

from ... import spec

# PG037, register space, advanced mode.
SELECTORS, COUNTERS, CONTROL = 0x44, 0x100, 0x300
COUNTER_STRIDE = 0x10
COUNT, RESET_COUNT = 1 << 0, 1 << 1
WRITTEN_BYTES, READ_BYTES = 2, 3  # metrics
METRICS: Final = (READ_BYTES, READ_BYTES, WRITTEN_BYTES)  # for spec.MONITOR_SLOTS
WRAP: Final = 1 << 32


class Monitor:
    """One byte counter for each slot of `spec.MONITOR_SLOTS`.

    Parameters
    ----------
    mmio : pynq MMIO
    """

    def __init__(self, mmio: Any) -> None:
        self._mmio = mmio
        selected = [slot << 5 | metric for slot, metric in enumerate(METRICS)]
        mmio.write(SELECTORS, int.from_bytes(selected, "little"))
        mmio.write(CONTROL, RESET_COUNT)
        mmio.write(CONTROL, COUNT)
        self._before = [0] * len(METRICS)

    def since(self) -> dict[str, int]:
        """Return the bytes of each slot since the last call; the 32-bit counters may wrap once."""
        now = [int(self._mmio.read(COUNTERS + i * COUNTER_STRIDE)) for i in range(len(METRICS))]
        counted = [(a - b) % WRAP for a, b in zip(now, self._before, strict=True)]
        self._before = now
        return dict(zip(spec.MONITOR_SLOTS, counted, strict=True))
