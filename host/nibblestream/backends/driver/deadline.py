"""Waiting that ends: nothing in the driver waits without one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

# A block is done within milliseconds, so it is asked for without a pause that long; after that
# something is wrong or slow, and asking more often would only keep the bus busy.
EAGER_SECONDS: Final = 0.01
PAUSE_SECONDS: Final = 0.001


class Deadline:
    """A point in time that must not pass before what is waited for.

    Parameters
    ----------
    seconds : float
        From now.
    device : pynq Device
        A virtual one keeps a time of its own: `timeline.monotonic`, `timeline.sleep`.
    """

    def __init__(self, seconds: float, device: Any) -> None:
        self._clock = getattr(device, "timeline", time)
        self.seconds = seconds
        self._start = self._clock.monotonic()

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return bool(self._elapsed() > self.seconds)

    def until(self, condition: Callable[[], bool]) -> bool:
        """Poll a condition until it holds; return false if the deadline passed before.

        It is looked at once more after the deadline, as the host may have slept.
        """
        while not condition():
            if self.passed:
                return condition()
            if self._elapsed() > EAGER_SECONDS:
                self._clock.sleep(PAUSE_SECONDS)
        return True

    def _elapsed(self) -> float:
        return float(self._clock.monotonic() - self._start)
