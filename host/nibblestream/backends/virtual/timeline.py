"""The board's own time: it passes when the host touches the board, and when the host waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import astuple, dataclass
from itertools import count


@dataclass(frozen=True)
class Ledger:
    """Where time went.

    Parameters
    ----------
    elapsed : float
        All of it, in seconds.
    dma : float
        The host waited, and the kernels for the memory.
    kernel : float
        The host waited for the kernels' own clocks.
    accesses, syncs : int
        Reads and writes of registers; flushes and invalidations of buffers.
    """

    elapsed: float = 0.0
    dma: float = 0.0
    kernel: float = 0.0
    accesses: int = 0
    syncs: int = 0

    @property
    def python(self) -> float:
        """The rest: the host was at work, and the board waited for it."""
        return self.elapsed - self.dma - self.kernel

    def __sub__(self, before: Ledger) -> Ledger:
        """Return what was spent since `before`."""
        return Ledger(*(a - b for a, b in zip(astuple(self), astuple(before), strict=True)))


class HungError(RuntimeError):
    """The host waits for something that cannot happen: a real board would never answer."""


class Timeline:
    """A clock in seconds, and what is due to happen on the board.

    Parameters
    ----------
    access, sync : float
        What one access to a register, and one flush or invalidation, costs the host.
    patience : float
        How long the host may read registers without writing any when nothing is due any more. A
        driver without a deadline would do so forever; here it ends in `HungError`.
    """

    def __init__(self, access: float, sync: float, patience: float) -> None:
        self.now = 0.0
        self._access, self._sync, self._patience = access, sync, patience
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._polled = 0.0  # spent in reads since anything else happened
        self._dma = self._kernel = 0.0
        self._accesses = self._syncs = 0

    def monotonic(self) -> float:
        """Return the time, as `time.monotonic` would on the board."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, as `time.sleep` would on the board."""
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, action = heapq.heappop(self._due)
            self._polled = 0.0
            action()
        self.now = end

    def read(self) -> None:
        """Let the time of reading a register pass."""
        self._accesses += 1
        self.sleep(self._access)
        self._polled += self._access
        if not self._due and self._polled > self._patience:
            raise HungError(
                f"the host has polled for {self._patience:g} s of the virtual board's time while "
                "nothing was under way on it: on a real board it would go on forever"
            )

    def write(self) -> None:
        """Let the time of writing a register pass."""
        self._accesses += 1
        self._polled = 0.0
        self.sleep(self._access)

    def sync(self) -> None:
        """Let the time of one flush or invalidation pass."""
        self._syncs += 1
        self.sleep(self._sync)

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Have something happen at a time, or now if that has passed."""
        heapq.heappush(self._due, (max(when, self.now), next(self._number), action))

    def waited(self, seconds: float, kernel: float) -> None:
        """Book a time in which only the hardware was at work, `kernel` of it in the kernels."""
        kernel = min(kernel, seconds)
        self._dma += seconds - kernel
        self._kernel += kernel

    def ledger(self) -> Ledger:
        """Return where all time since the board was switched on went."""
        return Ledger(self.now, self._dma, self._kernel, self._accesses, self._syncs)
