"""Deadlines end, on the board's own time, and do not keep the bus busy."""

from __future__ import annotations

import time

from nibblestream.backends.driver.deadline import Deadline


class Timeline:
    """A clock on which each look takes a tenth of a millisecond."""

    def __init__(self):
        self.now, self.slept = 5.0, 0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.slept += 1

    def look(self, result):
        self.now += 1e-4
        return result


class Device:
    def __init__(self):
        self.timeline = Timeline()


def test_it_ends_when_it_should():
    device = Device()
    assert not Deadline(2.0, device).until(lambda: device.timeline.look(False))
    assert 7.0 < device.timeline.now < 7.01
    assert device.timeline.slept > 1000  # most of the time it only waited


def test_what_is_quick_is_not_slept_through():
    device = Device()
    end = device.timeline.now + 0.005
    assert Deadline(2.0, device).until(lambda: device.timeline.look(device.timeline.now >= end))
    assert device.timeline.slept == 0
    assert device.timeline.now < end + 2e-4


def test_what_came_while_the_host_slept_still_counts():
    device = Device()
    looks = iter([False, True])

    def look():
        device.timeline.now += 10
        return next(looks)

    assert Deadline(2.0, device).until(look)


def test_other_devices_live_in_our_time():
    start = time.monotonic()
    assert not Deadline(0.02, object()).until(lambda: False)
    assert time.monotonic() - start >= 0.02
