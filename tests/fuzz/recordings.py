"""Audio files as `reading` opens them through libsndfile, from headers changed as `waves` does."""

from __future__ import annotations

import io
from random import Random

import numpy as np
import numpy.typing as npt
import soundfile
import waves
from mutation import flipped
from trial import scratch

from nibblestream.sound import reading

REFUSALS = (ValueError,)
FORMATS = (("AIFF", "PCM_16"), ("AU", "PCM_16"), ("W64", "PCM_24"), ("FLAC", "PCM_16"))
_PATH = scratch() / "recording.bin"


def seeds() -> list[bytes]:
    """Return short files of several formats."""
    samples = np.random.default_rng(7).uniform(-1, 1, (20, 2))
    found = [seed for seed in waves.seeds() if not seed.startswith(waves.RAW)]
    for form, subtype in FORMATS:
        file = io.BytesIO()
        soundfile.write(file, samples, 16_000, subtype, format=form)
        found.append(file.getvalue())
    return found


def mutate(data: bytes, rng: Random) -> bytes:
    """Change a chunk of a wav, or any byte."""
    return waves.mutate(data, rng) if data[:4] == b"RIFF" else flipped(data, rng)


def read(data: bytes) -> npt.NDArray[np.float64]:
    """Read a file as mono samples at the network's rate."""
    _PATH.write_bytes(data)
    assert reading.length(_PATH) >= 0
    return reading.read_mono(_PATH)


def verify(data: bytes, found: npt.NDArray[np.float64]) -> None:
    """Check the samples, and that there are no more than the header says."""
    assert found.ndim == 1
    assert np.isfinite(found).all()
    assert 0 < len(found) <= reading.length(_PATH)
