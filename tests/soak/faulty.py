"""Random faults of a virtual board."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nibblestream.backends.virtual import faults
from nibblestream.backends.virtual.faults import Fault
from nibblestream.backends.virtual.wiring import STREAMS

DMAS = (("dma_spectra", "mm2s"), ("dma_spectra", "s2mm"), ("dma_codes", "mm2s"))
KERNELS = ("cordic_vectoring", "lut_mac", "cordic_rotation")
BITS = 1 << 9  # of a buffer that may flip; every buffer of the soak has as many
TIMES = (1, 1, 2, 3, None)  # one is always recovered from, as the driver tries each block twice


def random_fault(rng: np.random.Generator) -> Fault:
    """Return a fault that a block can meet."""
    draw: Callable[[int], int] = lambda most: int(rng.integers(most))  # noqa: E731
    times = TIMES[draw(len(TIMES))]
    dma, channel = DMAS[draw(len(DMAS))]
    kernel = KERNELS[draw(len(KERNELS))]
    kinds: list[Callable[[], Fault]] = [
        lambda: faults.Stall(times, list(STREAMS)[draw(len(STREAMS))], draw(40)),
        lambda: faults.ShortPacket(times, 1 + draw(3)),
        lambda: faults.Overrun(times, 1 + draw(300)),
        lambda: faults.NoLast(times),
        lambda: faults.DmaError(times, dma, channel, ("slave", "decode")[draw(2)]),
        lambda: faults.NeverDone(times, kernel),
        lambda: faults.FlipBit(times, dma, channel, draw(BITS)),
        lambda: faults.Miscount(times, draw(3), 8 * (draw(9) - 4) or 8),
    ]
    return kinds[draw(len(kinds))]()


def opening_fault(rng: np.random.Generator) -> Fault:
    """Return a fault for which the driver refuses to open a board."""
    kinds = (
        faults.AllocationFailure(),
        faults.WrongIdentity(kernel=KERNELS[int(rng.integers(len(KERNELS)))]),
        faults.NeverDone(kernel=KERNELS[int(rng.integers(len(KERNELS)))]),
    )
    return kinds[int(rng.integers(len(kinds)))]
