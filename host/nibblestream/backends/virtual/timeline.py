"""Virtual time of the board, which passes when the host accesses the board or sleeps."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import astuple, dataclass
from itertools import count


@dataclass(frozen=True)
class Ledger:
    """A breakdown of the board's time.

    Parameters
    ----------
    elapsed : float
        The total, in seconds.
    dma : float
        Seconds in which the host waited for the kernels and they waited for memory.
    kernel : float
        Seconds in which the host waited for the kernels' own clocks.
    accesses, syncs : int
        Number of register reads and writes; number of buffer flushes and invalidations.
    """

    elapsed: float = 0.0
    dma: float = 0.0
    kernel: float = 0.0
    accesses: int = 0
    syncs: int = 0

    @property
    def python(self) -> float:
        """The remaining seconds, in which the board waited for the host."""
        return self.elapsed - self.dma - self.kernel

    def __sub__(self, before: Ledger) -> Ledger:
        """Return the difference to an earlier ledger."""
        return Ledger(*(a - b for a, b in zip(astuple(self), astuple(before), strict=True)))


class HungError(RuntimeError):
    """The host waits for an event that cannot happen; on a real board it would hang."""


class Timeline:
    """A clock in seconds, and the scheduled actions of the board.

    Parameters
    ----------
    access, sync : float
        Seconds that the host needs for one register access, and for one flush or invalidation.
    patience : float
        Seconds for which the host may read registers, and write none, while no action is scheduled.
        A driver without a deadline would poll forever; here it ends in `HungError`.
    """

    def __init__(self, access: float, sync: float, patience: float) -> None:
        self.now = 0.0
        self._access, self._sync, self._patience = access, sync, patience
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._polled = 0.0  # seconds of reads since the last write or action
        self._dma = self._kernel = 0.0
        self._accesses = self._syncs = 0

    def monotonic(self) -> float:
        """Return the time, as `time.monotonic` would on the board."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the time, as `time.sleep` would on the board."""
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, action = heapq.heappop(self._due)
            self._polled = 0.0
            action()
        self.now = end

    def read(self) -> None:
        """Advance by the time of a register read."""
        self._accesses += 1
        self.sleep(self._access)
        self._polled += self._access
        if not self._due and self._polled > self._patience:
            raise HungError(
                f"the host has polled for {self._patience:g} s of the virtual board's time while "
                "no transfer or kernel was active: on a real board it would poll forever"
            )

    def write(self) -> None:
        """Advance by the time of a register write."""
        self._accesses += 1
        self._polled = 0.0
        self.sleep(self._access)

    def sync(self) -> None:
        """Advance by the time of one flush or invalidation."""
        self._syncs += 1
        self.sleep(self._sync)

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Schedule an action at a time, or now if that time has passed."""
        heapq.heappush(self._due, (max(when, self.now), next(self._number), action))

    def waited(self, seconds: float, kernel: float) -> None:
        """Record seconds in which only the hardware worked, `kernel` of them in the kernels."""
        kernel = min(kernel, seconds)
        self._dma += seconds - kernel
        self._kernel += kernel

    def ledger(self) -> Ledger:
        """Return the breakdown of the time since the board was switched on."""
        return Ledger(self.now, self._dma, self._kernel, self._accesses, self._syncs)
