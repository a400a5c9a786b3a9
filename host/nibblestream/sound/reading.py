"""Reading of audio files piece by piece, in every format that libsndfile supports.

soundfile is imported when the first file is opened: enhancing arrays at 8 kHz needs only NumPy.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..files.atomic import UNFINISHED
from ..speech.resampler import Resampler, checked_rate
from .wave import LONGEST, Layout, are_finite

SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".w64", ".rf64"),
    *(".au", ".caf", ".sph", ".wv1", ".wv2"),
)
PIECE = 256 * spec.HOP / spec.SAMPLE_RATE  # seconds per piece: whole blocks of frames ...
_VALUES = 1 << 19  # ... but at most this many samples of all channels: 4 MiB
# libsndfile's log entry for a file that is shorter than its header states.
_CUT = re.compile(r"^ *(?:RIFF|riff|FORM|Riff size|Data Size) *: (\d+) \(should be (\d+)\)", re.M)

Float = npt.NDArray[np.float64]


@contextmanager
def reading(path: str | Path) -> Iterator[tuple[Layout, Iterator[Float]]]:
    """Open an audio file for reading piece by piece.

    Parameters
    ----------
    path : path
        Any format that libsndfile reads: wav, flac, ogg, NIST sphere (uncompressed), ...

    Yields
    ------
    layout : Layout
    pieces : iterator of float64, shape (n, channels)
        Full scale is +-1.

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    ValueError
        The file cannot be read as audio, its sample rate is out of range, or it holds no samples,
        or NaN or infinity.

    Warns
    -----
    UserWarning
        The file is shorter than its header states.
    """
    with _opened(path) as sound:
        _warn_if_cut(path, sound)
        layout = Layout(sound.samplerate, sound.channels, sound.subtype, sound.frames)
        yield layout, _pieces(path, sound)


def read(path: str | Path) -> tuple[Float, int]:
    """Read a whole audio file.

    Returns
    -------
    samples : float64, shape (n,) or (n, channels)
        Full scale is +-1.
    sample_rate : int
        In Hz.

    Raises
    ------
    FileNotFoundError, ValueError
        As `reading` does.
    """
    with reading(path) as (layout, pieces):
        samples = np.concatenate(list(pieces))
    return (samples[:, 0] if layout.channels == 1 else samples), layout.rate


def mono_pieces(path: str | Path, rate: int = spec.SAMPLE_RATE) -> Iterator[Float]:
    """Read a file piece by piece as mono (the mean of all channels), resampled to `rate` Hz.

    Raises as `reading` does.
    """
    with reading(path) as (layout, pieces):
        resampler = Resampler(layout.rate, rate)
        for piece in pieces:
            yield resampler.process(piece.mean(axis=1))
        yield resampler.flush()


def read_mono(
    path: str | Path, rate: int = spec.SAMPLE_RATE, *, first: int = 0, last: int | None = None
) -> Float:
    """Read samples `first` to `last` (exclusive) as `mono_pieces` does; fewer if the file ends."""
    parts, position = [np.zeros(0)], 0
    for piece in mono_pieces(path, rate):
        parts.append(piece[max(first - position, 0) : None if last is None else last - position])
        position += len(piece)
        if last is not None and position >= last:
            break
    return np.concatenate(parts)


def length(path: str | Path, rate: int = spec.SAMPLE_RATE) -> int:
    """Return the number of samples that `read_mono` returns, according to the file's header."""
    with _opened(path) as sound:
        return -(-int(sound.frames) * rate // int(sound.samplerate))


def seconds(path: str | Path) -> float:
    """Return a file's duration in seconds, from its header; raises as `reading` does."""
    with _opened(path) as sound:
        return float(sound.frames / sound.samplerate)


def find(folder: str | Path) -> list[Path]:
    """List the audio files in a folder and its sub-folders, recognised by suffix, sorted.

    Files that a killed process left unfinished are ignored.

    Raises
    ------
    FileNotFoundError
        The folder does not exist, or holds no audio file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; expected a folder of audio files")
    audio = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    paths = sorted(path for path in audio if not path.name.startswith(UNFINISHED))
    if not paths:
        raise FileNotFoundError(f"{folder}: holds no audio ({', '.join(SUFFIXES)})")
    return paths


@contextmanager
def _opened(path: str | Path) -> Iterator[Any]:
    """Open an audio file."""
    import soundfile

    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    with open(path, "rb"):  # raises the operating system's error if the file cannot be opened
        pass
    with _refusing(path):
        sound = soundfile.SoundFile(_name(path))
    with sound:
        _check_rate(path, sound.samplerate)
        yield sound


def _check_rate(path: str | Path, rate: int) -> None:
    try:
        checked_rate(rate)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


@contextmanager
def _refusing(path: str | Path) -> Iterator[None]:
    """Turn libsndfile's errors within the block into a ValueError that names the file."""
    try:
        yield
    except (RuntimeError, TypeError, MemoryError) as error:
        raise ValueError(
            f"{path}: cannot be read as audio ({reason(error)}); expected wav, flac or another "
            f"file that libsndfile reads. {_conversion(Path(path))}"
        ) from error


def _name(path: str | Path) -> str | bytes:
    """Return a path in the form libsndfile takes; from a file handle it cannot read MP3."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def reason(error: Exception) -> str:
    """Return libsndfile's message for an error; a MemoryError has none."""
    why: str = getattr(error, "error_string", str(error))
    return why.rstrip(".") or "its header states an impossible length"


def _conversion(path: Path) -> str:
    if path.suffix.lower() in (".sph", ".wv1", ".wv2", ".shn"):
        return "If it is shorten-compressed, expand it with sph2pipe"
    if path.suffix.lower() == ".raw":
        return "For raw samples: nibblestream enhance - --rate HZ < FILE"
    wav = path.with_suffix(".wav")
    target = wav if wav != path else path.with_name(f"{path.stem}-converted.wav")
    return f"To convert it: ffmpeg -i '{path}' '{target}'"


def _pieces(path: str | Path, sound: Any) -> Iterator[Float]:
    size = min(int(PIECE * sound.samplerate), _VALUES // sound.channels) or 1
    empty = True
    while True:
        with _refusing(path):
            piece = sound.read(size, dtype="float64", always_2d=True)
        if not len(piece):
            break
        if not are_finite(piece):
            raise ValueError(f"{path}: holds NaN or infinity; expected finite samples")
        yield piece
        empty = False
    if empty:
        raise ValueError(f"{path}: holds no samples; expected at least one")


def _warn_if_cut(path: str | Path, sound: Any) -> None:
    match = _CUT.search(sound.extra_info)
    if not match or not sound.frames:
        return
    declared, found = map(int, match.groups())
    if found < declared < LONGEST:  # longer ones mean "until the end"
        duration = sound.frames / sound.samplerate
        warnings.warn(
            f"{path} is cut short: its header states {duration * declared / found:.2f} s, "
            f"the file holds {duration:.2f} s",
            stacklevel=4,
        )
