"""Sources of the panel's recordings: the bundled one, a file, a microphone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..demo.recording import CLEAN, NOISY
from ..evaluate.mixtures import mix, segment
from ..sound import reading
from ..sound.devices import sounddevice
from ..speech.resampler import resample

Float = npt.NDArray[np.float64]

LONGEST: Final = 30.0  # seconds of a file; limits the load on the browser and a board's memory


def bundled() -> Float:
    """Return the bundled clean recording, float64 (n,), 8 kHz."""
    return reading.read_mono(CLEAN)


def with_noise(speech: Float, snr: float) -> Float:
    """Add the bundled recording's noise, looped, at an SNR in dB; scaled down if it would clip."""
    noise = reading.read_mono(NOISY) - reading.read_mono(CLEAN)
    noisy = mix(speech, segment(noise, len(speech), 0.0), snr)
    return noisy / max(1.0, float(np.abs(noisy).max()))


def uploaded(value: Sequence[Mapping[str, Any]]) -> tuple[str, Float]:
    """Return the file name and the first 30 s (mono, 8 kHz) of the value of a FileUpload.

    Raises
    ------
    ValueError
        The file cannot be read as audio.
    """
    name = str(value[0]["name"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "upload" + Path(name).suffix)
        path.write_bytes(value[0]["content"])
        try:
            samples = reading.read_mono(path)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), name)) from error
    return name, samples[: int(LONGEST * spec.SAMPLE_RATE)]


def microphone() -> Any | None:
    """Return the sounddevice package, or None if it or a microphone is missing."""
    try:
        package = sounddevice()
    except RuntimeError:
        return None
    try:
        package.query_devices(kind="input")
    except (package.PortAudioError, ValueError):
        return None
    return package


def recorded(device: Any, seconds: float) -> Float:
    """Record from the microphone of the notebook's host: float64 (n,), 8 kHz."""
    rate = int(device.query_devices(kind="input")["default_samplerate"])
    samples = device.rec(int(seconds * rate), rate, channels=1, blocking=True)
    return resample(np.asarray(samples, np.float64)[:, 0], rate, spec.SAMPLE_RATE)
