"""Sound devices that are not there, with the interface of the package sounddevice.

As in PortAudio, a callback runs in a thread of its own, gets buffers that are the device's, and
ends by an exception; a stream that has ended says so by its `finished_callback`.
"""

from __future__ import annotations

import _thread
import threading
from types import ModuleType, SimpleNamespace

import numpy as np

FLAGS = ("input_underflow", "input_overflow", "output_underflow", "output_overflow")


class PortAudioError(Exception):
    """As sounddevice's: no RuntimeError, no OSError."""


class CallbackAbort(Exception):  # noqa: N818  # its name there
    """As sounddevice's."""


class Devices(tuple):
    """As sounddevice's: str() is a list for people."""

    def __str__(self):
        return "\n".join(f"{each['index']} {each['name']}" for each in self)


class Fake(ModuleType):
    """The module. `signal` is heard; at its end Ctrl-C is pressed, or the devices unplugged."""

    PortAudioError, CallbackAbort = PortAudioError, CallbackAbort

    def __init__(self, signal, names=("Webcam", "USB mic", "USB speaker"), rates=(8000, 48000)):
        super().__init__("sounddevice")
        sides = {"mic": (1, 0), "speaker": (0, 2), "Webcam": (2, 2)}
        self.devices = Devices(
            {
                "index": index,
                "name": name,
                "max_input_channels": sides[name.split()[-1]][0],
                "max_output_channels": sides[name.split()[-1]][1],
            }
            for index, name in enumerate(names)
        )
        self.signal, self.rates = signal, rates
        self.flags = {}  # number of a block: names of flags
        self.busy = self.unplugged = False
        self.played = []
        self.Stream = lambda **options: Stream(self, **options)

    def query_devices(self, device=None, kind=None):
        if kind is None:
            return self.devices
        there = [each for each in self.devices if each[f"max_{kind}_channels"]]
        if device is None:
            if not there:
                raise PortAudioError("Error querying device -1")
            return there[0]
        if isinstance(device, int):
            if device >= len(self.devices):
                raise PortAudioError(f"Error querying device {device}")
            if self.devices[device] not in there:
                raise ValueError(f"Not an {kind} device: {self.devices[device]['name']!r}")
            return self.devices[device]
        found = [each for each in there if device.lower() in each["name"].lower()]
        if not found:
            raise ValueError(f"No {kind} device matching {device!r}")
        if len(found) > 1:
            raise ValueError(f"Multiple {kind} devices found for {device!r}")
        return found[0]

    def check_input_settings(self, device, *, channels, dtype, samplerate):
        assert (channels, dtype) == (1, "float32")
        if samplerate not in self.rates:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")

    check_output_settings = check_input_settings


class Stream:
    """A duplex stream."""

    latency = (0.010, 0.013)

    def __init__(
        self, fake, *, samplerate, blocksize, device, channels, dtype, latency, callback,
        finished_callback,
    ):  # fmt: skip
        assert (channels, dtype, latency) == (1, "float32", "low")
        if fake.busy:
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        fake.opened = SimpleNamespace(rate=samplerate, block=blocksize, devices=device)
        self._fake, self._callback, self._finished = fake, callback, finished_callback
        self._thread = threading.Thread(target=self._run, args=(blocksize,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join()

    def _run(self, block):
        fake = self._fake
        heard, played = np.empty((block, 1), np.float32), np.empty((block, 1), np.float32)
        try:
            for number, start in enumerate(range(0, len(fake.signal) - block + 1, block)):
                heard[:, 0] = fake.signal[start : start + block]
                played.fill(np.nan)
                status = SimpleNamespace(
                    **{flag: flag in fake.flags.get(number, ()) for flag in FLAGS}
                )
                try:
                    self._callback(heard, played, block, None, status)
                finally:
                    fake.played.append(played[:, 0].copy())
        except CallbackAbort:
            self._finished()
        else:
            self._finished() if fake.unplugged else _thread.interrupt_main()
