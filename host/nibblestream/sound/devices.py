"""Sound devices, through sounddevice and PortAudio: listing, selection, sample rates."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from .. import spec

RATES: Final = {  # of each band, in Hz, in order of preference
    "full": (48_000, 44_100, 16_000, spec.SAMPLE_RATE),
    "narrow": (spec.SAMPLE_RATE, 16_000, 48_000, 44_100),
}


def sounddevice() -> ModuleType:
    """Import and return the `sounddevice` package.

    Raises
    ------
    RuntimeError
        The package or the PortAudio library is not installed; the message says how to install it.
    """
    try:
        return import_module("sounddevice")
    except ModuleNotFoundError as error:
        raise RuntimeError(
            "live audio needs sounddevice, which is not installed: pip install 'nibblestream[live]'"
        ) from error
    except OSError as error:
        raise RuntimeError(
            f"live audio needs PortAudio ({error}): apt-get install libportaudio2, "
            "or brew install portaudio"
        ) from error


def devices() -> str:
    """Return a printable list of all devices, with the numbers and names that select them."""
    return str(sounddevice().query_devices()) or "there are no sound devices"


@dataclass(frozen=True)
class Plan:
    """The selected devices and their sample rate.

    Parameters
    ----------
    devices : (int, int)
        PortAudio's indices of the input and the output device.
    rate : int
        In Hz.
    """

    devices: tuple[int, int]
    rate: int

    @property
    def block(self) -> int:
        """Samples per block: 8 ms, which is one hop at 8 kHz."""
        return spec.HOP * self.rate // spec.SAMPLE_RATE


def plan(source: str | None, sink: str | None, band: str = "full") -> Plan:
    """Select the input and output device, and the first sample rate that both support.

    Parameters
    ----------
    source, sink : str, optional
        Number or part of the name of the input and the output device; PortAudio's default if not
        given.
    band : {"full", "narrow"}
        The highest rates first, or the network's own.

    Raises
    ------
    ValueError
        No device matches, or several do; the message lists the devices.
    RuntimeError
        The devices have no rate in common, or as `sounddevice` raises.
    """
    sd = sounddevice()
    found = [_find(sd, *wanted) for wanted in ((source, "input"), (sink, "output"))]
    pair = (found[0]["index"], found[1]["index"])
    for rate in RATES[band]:
        try:
            sd.check_input_settings(pair[0], channels=1, dtype="float32", samplerate=rate)
            sd.check_output_settings(pair[1], channels=1, dtype="float32", samplerate=rate)
        except sd.PortAudioError as error:
            why = error
        else:
            return Plan(pair, rate)
    raise RuntimeError(
        f"{found[0]['name']} and {found[1]['name']} support none of "
        f"{', '.join(map(str, RATES[band]))} Hz together ({why}): try 'default' or 'pulse'"
    )


def _find(sd: ModuleType, wanted: str | None, kind: str) -> dict[str, Any]:
    device = int(wanted) if wanted is not None and wanted.isdecimal() else wanted
    try:
        return dict(sd.query_devices(device, kind))
    except (ValueError, sd.PortAudioError) as error:
        there = [
            f"{one['index']}: {one['name']}"
            for one in sd.query_devices()
            if one[f"max_{kind}_channels"]
        ]
        name = f"device {wanted!r}" if wanted is not None else "default device"
        raise ValueError(
            f"no {kind} {name} ({error}); available: {', '.join(there) or 'none'}"
        ) from error
