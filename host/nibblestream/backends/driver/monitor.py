"""Driver of the AXI Performance Monitor (AMD PG037), which counts bytes in hardware."""

from __future__ import annotations

from typing import Any, Final

from ... import spec

# PG037, register space, advanced mode.
SELECTORS, COUNTERS, CONTROL = 0x44, 0x100, 0x300
COUNTER_STRIDE = 0x10
COUNT, RESET_COUNT = 1 << 0, 1 << 1
WRITTEN_BYTES, READ_BYTES = 2, 3  # metrics
# For spec.MONITOR_SLOTS, and for codes that are read through a second memory port.
METRICS: Final = (READ_BYTES, READ_BYTES, WRITTEN_BYTES, READ_BYTES)
NAMES: Final = (*spec.MONITOR_SLOTS, spec.MONITOR_SLOTS[0])
WRAP: Final = 1 << 32


class Monitor:
    """One byte counter for each slot of `spec.MONITOR_SLOTS`.

    Parameters
    ----------
    mmio : pynq MMIO
    ports : int
        Memory ports of the codes.
    """

    def __init__(self, mmio: Any, ports: int) -> None:
        self._mmio = mmio
        metrics = METRICS[: len(spec.MONITOR_SLOTS) + ports - 1]
        selected = [slot << 5 | metric for slot, metric in enumerate(metrics)]
        mmio.write(SELECTORS, int.from_bytes(selected, "little"))
        mmio.write(CONTROL, RESET_COUNT)
        mmio.write(CONTROL, COUNT)
        self._before = [0] * len(metrics)

    def since(self) -> dict[str, int]:
        """Return the bytes of each slot since the last call; the 32-bit counters may wrap once."""
        now = [
            int(self._mmio.read(COUNTERS + i * COUNTER_STRIDE)) for i in range(len(self._before))
        ]
        counted = [(a - b) % WRAP for a, b in zip(now, self._before, strict=True)]
        self._before = now
        found = dict.fromkeys(spec.MONITOR_SLOTS, 0)
        for name, size in zip(NAMES, counted, strict=False):
            found[name] += size
        return found
