"""Waiting that ends: nothing in the driver waits without one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Deadline:
    """A point in time that must not pass before what is waited for.

    Parameters
    ----------
    seconds : float
        From now.
    device : pynq Device
        A virtual one keeps a time of its own (`timeline.monotonic`).
    """

    def __init__(self, seconds: float, device: Any) -> None:
        timeline = getattr(device, "timeline", None)
        self._now: Callable[[], float] = timeline.monotonic if timeline else time.monotonic
        self.seconds = seconds
        self._end = self._now() + seconds

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self._now() > self._end

    def until(self, condition: Callable[[], bool]) -> bool:
        """Poll a condition until it holds; return false if the deadline passed before.

        It is looked at once more after the deadline, as the host may have slept.
        """
        while not condition():
            if self.passed:
                return condition()
        return True
