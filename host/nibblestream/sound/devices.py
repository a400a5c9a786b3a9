"""Sound devices, through sounddevice and PortAudio: which there are, and their rates."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from .. import spec

RATES: Final = (spec.SAMPLE_RATE, 16_000, 48_000, 44_100)  # in Hz; the first one that both can


def sounddevice() -> ModuleType:
    """Return the package, or say what is missing.

    Raises
    ------
    RuntimeError
        It, or PortAudio's library, is not installed.
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
    """Return all devices as a list for people, with the numbers and names that choose them."""
    return str(sounddevice().query_devices()) or "there are no sound devices"


@dataclass(frozen=True)
class Plan:
    """Which devices run, and how.

    Parameters
    ----------
    devices : (int, int)
        Input and output.
    rate : int
        In Hz.
    """

    devices: tuple[int, int]
    rate: int

    @property
    def block(self) -> int:
        """Samples at a time: 8 ms, at 8 kHz a hop."""
        return spec.HOP * self.rate // spec.SAMPLE_RATE


def plan(source: str | None, sink: str | None) -> Plan:
    """Find devices, by number, by a part of their names, or PortAudio's default, and their rate.

    Raises
    ------
    ValueError
        There is no such device, or there are several; the error names those that there are.
    RuntimeError
        They have no rate in common, or `sounddevice` does.
    """
    sd = sounddevice()
    found = [_find(sd, *wanted) for wanted in ((source, "input"), (sink, "output"))]
    pair = (found[0]["index"], found[1]["index"])
    for rate in RATES:
        try:
            sd.check_input_settings(pair[0], channels=1, dtype="float32", samplerate=rate)
            sd.check_output_settings(pair[1], channels=1, dtype="float32", samplerate=rate)
        except sd.PortAudioError as error:
            why = error
        else:
            return Plan(pair, rate)
    raise RuntimeError(
        f"{found[0]['name']} and {found[1]['name']} run together at none of "
        f"{', '.join(map(str, RATES))} Hz ({why}): choose others, as 'default' or 'pulse'"
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
            f"no {kind} {name} ({error}); there are {', '.join(there) or 'none'}"
        ) from error
