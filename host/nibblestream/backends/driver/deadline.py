"""Deadlines: every wait in the driver is bounded by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

# A block takes milliseconds, so polling starts without pauses. After EAGER_SECONDS something is
# wrong or slow, and faster polling would only load the bus.
EAGER_SECONDS: Final = 0.01
PAUSE_SECONDS: Final = 0.001


class Deadline:
    """A time limit on waiting for a condition.

    Parameters
    ----------
    seconds : float
        The limit, from now.
    device : pynq Device
        A virtual device has its own clock: `timeline.monotonic`, `timeline.sleep`.
    """

    def __init__(self, seconds: float, device: Any) -> None:
        self._clock = getattr(device, "timeline", time)
        self.seconds = seconds
        self._start = self._clock.monotonic()

    @property
    def passed(self) -> bool:
        """Whether the limit is exceeded."""
        return bool(self._elapsed() > self.seconds)

    def until(self, condition: Callable[[], bool]) -> bool:
        """Poll a condition until it holds; return False if the deadline passes first.

        The condition is checked once more after the deadline, as the host may have slept.
        """
        while not condition():
            if self.passed:
                return condition()
            if self._elapsed() > EAGER_SECONDS:
                self._clock.sleep(PAUSE_SECONDS)
        return True

    def _elapsed(self) -> float:
        return float(self._clock.monotonic() - self._start)
