"""Audio files and sample rates: soundfile reads and writes, SciPy resamples.

Both are imported when first needed, so that arrays at 8 kHz want NumPy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import spec
from .files import replacing, target

SUFFIXES = (".wav", ".flac", ".ogg", ".aiff", ".aif", ".sph", ".wv1", ".wv2", ".mp3")

FORMATS = {
    ".wav": "WAV",
    ".flac": "FLAC",
    ".ogg": "OGG",
    ".aiff": "AIFF",
    ".aif": "AIFF",
    ".mp3": "MP3",
}  # what can be written
_BLOCK = 1 << 16  # samples; libsndfile's Vorbis encoder overflows its stack on minutes at once

Float = npt.NDArray[np.float64]


def read(path: str | Path) -> tuple[Float, int]:
    """Read an audio file.

    Parameters
    ----------
    path : path
        Anything libsndfile reads: wav, flac, ogg, NIST sphere (uncompressed), ...

    Returns
    -------
    samples : float64, shape (n,) or (n, channels)
        Full scale is +-1.
    sample_rate : int
        In Hz.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is no audio that can be read, or holds no sample, NaN or infinity.
    """
    with _opened(path) as sound:
        samples, rate = sound.read(dtype="float64"), int(sound.samplerate)
    if not samples.size:
        raise ValueError(f"{path}: holds no samples; expected at least one")
    if not np.isfinite(samples).all():
        raise ValueError(f"{path}: holds NaN or infinity; expected finite samples")
    return samples, rate


def read_mono(path: str | Path, rate: int = spec.SAMPLE_RATE) -> Float:
    """Read a file as one channel (the mean of all) at `rate` Hz; raises as `read` does."""
    samples, found = read(path)
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    return resample(mono, found, rate)


def subtype(path: str | Path) -> str:
    """Return a file's sample format, as soundfile names it: "PCM_16", "PCM_24", "FLOAT", ..."""
    with _opened(path) as sound:
        return str(sound.subtype)


def seconds(path: str | Path) -> float:
    """Return how long a file is, from its header; raises as `read` does."""
    with _opened(path) as sound:
        return float(sound.frames / sound.samplerate)


@contextmanager
def _opened(path: str | Path) -> Iterator[Any]:
    """Open an audio file to read; whatever libsndfile says of it becomes a ValueError."""
    import soundfile

    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    with open(path, "rb") as file:  # by handle, as libsndfile wants names in UTF-8
        try:
            with soundfile.SoundFile(file) as sound:
                yield sound
        except (RuntimeError, TypeError, MemoryError) as error:
            raise ValueError(
                f"{path}: cannot be read as audio ({_reason(error)}); "
                "expected wav, flac or another file that libsndfile reads (shorten-compressed "
                "sphere files: expand them with sph2pipe)"
            ) from error


def _reason(error: Exception) -> str:
    """Return why libsndfile failed; a MemoryError says nothing itself."""
    why: str = getattr(error, "error_string", str(error))
    return why.rstrip(".") or "it claims to be too long"


def check_target(path: str | Path) -> None:
    """Refuse what `write` could not write to: raises as it does, and as `files.target` does."""
    if Path(path).suffix.lower() not in FORMATS:
        raise ValueError(
            f"{path}: cannot write '{Path(path).suffix}' files; expected {', '.join(FORMATS)}"
        )
    target(path)


def write(path: str | Path, samples: npt.NDArray[Any], rate: int, subtype: str = "PCM_16") -> None:
    """Write an audio file whose format follows from its suffix; it appears whole or not at all.

    Parameters
    ----------
    samples : float or int16, shape (n,) or (n, channels)
        Floats beyond +-1 are clipped by integer subtypes.
    subtype : str
        See `subtype`; where it is not one of linear samples, or the format does not know it, the
        format's usual one is taken.

    Raises
    ------
    ValueError
        The format is unknown, or cannot hold this rate or that many channels.
    """
    import soundfile

    check_target(path)
    kind = FORMATS[Path(path).suffix.lower()]
    known = subtype_in(kind, subtype)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with replacing(path) as temporary:
        try:
            with soundfile.SoundFile(temporary, "w", rate, channels, known, format=kind) as file:
                for i in range(0, len(samples), _BLOCK):
                    file.write(samples[i : i + _BLOCK])
        except RuntimeError as error:
            raise ValueError(
                f"{path}: {channels} channels at {rate} Hz cannot be written as {kind} "
                f"({_reason(error)})"
            ) from error


def subtype_in(kind: str, subtype: str) -> str:
    """Return the sample format that `write` takes in a file of a kind, such as "WAV"."""
    import soundfile

    linear = subtype.startswith("PCM_") or subtype in ("FLOAT", "DOUBLE")
    if linear and soundfile.check_format(kind, subtype):
        return subtype
    return str(soundfile.default_subtype(kind))


def resample(samples: Float, rate: int, target: int) -> Float:
    """Resample along the first axis by a polyphase filter: n samples become ceil(n target/rate)."""
    if rate == target:
        return samples
    from scipy.signal import resample_poly

    common = gcd(rate, target)
    return np.asarray(resample_poly(samples, target // common, rate // common, axis=0))


def find(folder: str | Path) -> list[Path]:
    """List the audio files below a folder, sorted, by their suffix.

    Raises
    ------
    FileNotFoundError
        There is no such folder, or no audio file in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; expected a folder of audio files")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise FileNotFoundError(f"{folder}: holds no audio ({', '.join(SUFFIXES)})")
    return paths
