"""Digests of what recordings become: integer spectra, enhanced integers, enhanced samples.

They are the same on every machine. `test_same_bits.py` compares them with `same_bits.json`, which

    python tests/same_bits.py SPEECH NOISE > tests/same_bits.json

writes anew after a change of the models or the integers, from ../shared/data/speech/test and
../shared/data/noise/test.
"""

from __future__ import annotations

import hashlib
import json
import sys
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from nibblestream import Enhancer, spec
from nibblestream.demo.recording import NOISY
from nibblestream.network.model import load_model
from nibblestream.sound import reading
from nibblestream.speech import stft
from nibblestream.speech.front import speech_of
from nibblestream.speech.pipeline import Pipeline

COUNT = 60
LENGTH = 3 * spec.SAMPLE_RATE
MODELS = ("default", "mlp", "paper")

Int16 = npt.NDArray[np.int16]


def bundled() -> list[Int16]:
    """Return the recording that comes with the library."""
    return [soundfile.read(NOISY, dtype="int16")[0]]


def mixtures(speech: Path, noise: Path) -> list[Int16]:
    """Return the first seconds of 60 files of speech, each with the next file of noise.

    Added as integers, at their own levels, so that no rounding goes into what is compared.
    """
    voices = reading.find(speech)
    voices = voices[:: len(voices) // COUNT][:COUNT]
    mixed = []
    for voice, sound in zip(voices, cycle(reading.find(noise)), strict=False):
        a, b = (soundfile.read(file, LENGTH, dtype="int16")[0] for file in (voice, sound))
        size = min(len(a), len(b))
        total = a[:size].astype(np.int32) + b[:size]
        mixed.append(total.clip(-(2**15), 2**15 - 1).astype(np.int16))
    return mixed


def digests(recordings: list[Int16]) -> dict[str, str]:
    """Return the SHA-256 of the spectra, and of each model's enhanced integers and samples."""
    spectra = {window: [_spectrum(x, window) for x in recordings] for window in stft.WINDOWS}
    found = {f"spectra, {window}": _digest(some) for window, some in spectra.items()}
    for name in MODELS:
        model = load_model(name)
        pipeline = Pipeline(model)
        integers = []
        for spectrum in spectra[speech_of(model).window]:
            pipeline.reset()
            integers.append(pipeline.process(spectrum))
        found[f"{name} integers"] = _digest(integers)
        with Enhancer(name) as enhancer:
            samples = [enhancer.enhance(noisy, spec.SAMPLE_RATE) for noisy in recordings]
        found[f"{name} samples"] = _digest(samples)
    return found


def _spectrum(noisy: Int16, window: int) -> npt.NDArray[np.int32]:
    spectrum = stft.stft(noisy / 2.0**15, window)
    return spec.SPECTRUM.from_float(np.stack([spectrum.real, spectrum.imag], axis=-1))


def _digest(arrays: list[npt.NDArray[np.signedinteger]]) -> str:
    """Return the SHA-256 of shapes and values, whatever order a machine has its bytes in."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(repr(array.shape).encode())
        found.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    folders = [Path(folder) for folder in sys.argv[1:]]
    found = {"bundled": digests(bundled()), "60 mixtures": digests(mixtures(*folders))}
    print(json.dumps(found, indent=2))
