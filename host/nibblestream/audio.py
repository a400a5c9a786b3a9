"""Audio files and sample rates: soundfile reads and writes, SciPy resamples.

Both are imported when first needed, so that arrays at 8 kHz want NumPy alone.
"""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import spec
from .files import replacing

SUFFIXES = (".wav", ".flac", ".ogg", ".aiff", ".aif", ".sph", ".wv1", ".wv2", ".mp3")

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
    import soundfile

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        samples, rate = soundfile.read(str(path), dtype="float64")
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{path}: cannot be read as audio ({error}); expected wav, flac or another file that "
            "libsndfile reads (shorten-compressed sphere files: expand them with sph2pipe)"
        ) from error
    if not samples.size:
        raise ValueError(f"{path}: holds no samples; expected at least one")
    if not np.isfinite(samples).all():
        raise ValueError(f"{path}: holds NaN or infinity; expected finite samples")
    return samples, int(rate)


def read_mono(path: str | Path, rate: int = spec.SAMPLE_RATE) -> Float:
    """Read a file as one channel (the mean of all) at `rate` Hz; raises as `read` does."""
    samples, found = read(path)
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    return resample(mono, found, rate)


def subtype(path: str | Path) -> str:
    """Return a file's sample format, as soundfile names it: "PCM_16", "PCM_24", "FLOAT", ..."""
    import soundfile

    return str(soundfile.info(str(path)).subtype)


def write(path: str | Path, samples: npt.NDArray[Any], rate: int, subtype: str = "PCM_16") -> None:
    """Write an audio file whose format follows from its suffix; it appears whole or not at all.

    Parameters
    ----------
    samples : float or int16, shape (n,) or (n, channels)
        Floats beyond +-1 are clipped by integer subtypes.
    subtype : str
        See `subtype`; where the format does not know it, the format's usual one is taken.
    """
    import soundfile

    kind = Path(path).suffix[1:].upper()
    if kind not in soundfile.available_formats():
        raise ValueError(f"{path}: cannot write '{Path(path).suffix}' files; try .wav or .flac")
    known = subtype if soundfile.check_format(kind, subtype) else None
    with replacing(path) as temporary:
        soundfile.write(str(temporary), samples, rate, format=kind, subtype=known)


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
