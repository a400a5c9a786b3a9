"""Atomic writing of audio files, in every format that keeps a recording's samples and rate."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..files.atomic import replacing, target
from .reading import reason
from .wave import Layout

FORMATS = {
    ".wav": "WAV",
    ".flac": "FLAC",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".mp3": "MP3",
    ".aiff": "AIFF",
    ".aif": "AIFF",
    ".aifc": "AIFF",
    ".w64": "W64",
    ".rf64": "RF64",
    ".au": "AU",
    ".snd": "AU",
    ".caf": "CAF",
    ".voc": "VOC",
    ".sph": "NIST",
    ".nist": "NIST",
    ".sf": "IRCAM",
    ".avr": "AVR",
    ".htk": "HTK",
    ".iff": "SVX",
    ".svx": "SVX",
    ".paf": "PAF",
    ".pvf": "PVF",
    ".sds": "SDS",
    ".mat": "MAT5",
}
# Not supported: RAW has no header, SD2 needs a resource fork, XI and WVE have a fixed rate,
# MPC2K is a sampler's 16-bit format.
_LIMITED = {"WAV": 1 << 32, "AIFF": 1 << 32, "AU": 1 << 32}  # bytes that a header can state
_HEADER = 1 << 16  # bytes, at most, that are not samples in such a file
_BLOCK = 1 << 16  # samples; libsndfile's Vorbis encoder overflows its stack on minutes at once

Write = Callable[[npt.NDArray[Any]], None]


def check_target(path: str | Path) -> None:
    """Check that `writing` can write to a path; raises as it and `files.atomic.target` do."""
    if Path(path).suffix.lower() not in FORMATS:
        raise ValueError(
            f"{path}: cannot write '{Path(path).suffix}' files; expected {', '.join(FORMATS)}"
        )
    target(path)


@contextmanager
def writing(path: str | Path, layout: Layout) -> Iterator[Write]:
    """Write an audio file piece by piece; it replaces `path` if the block ends without error.

    Parameters
    ----------
    path : path
        Its suffix chooses the format.
    layout : Layout
        Its sample type is kept if the file format supports it; otherwise the format's default
        is used. Wav files beyond 4 GiB become RF64, whose sizes are 64 bits wide.

    Yields
    ------
    callable
        Takes float or int16 samples, (n,) or (n, channels); floats beyond +-1 are clipped by
        integer formats.

    Raises
    ------
    ValueError
        The format is unknown, or cannot hold this rate, number of channels or length.
    OSError
        The disk is full or fails.
    """
    import soundfile

    check_target(path)
    kind, subtype = _format(Path(path), layout)
    with replacing(path) as temporary:
        try:
            file = soundfile.SoundFile(
                temporary, "w", layout.rate, layout.channels, subtype, format=kind
            )
        except RuntimeError as error:
            raise ValueError(
                f"{path}: {layout.channels} channels at {layout.rate} Hz cannot be written as "
                f"{kind} {subtype} ({reason(error)}); choose another format, such as .wav or .flac"
            ) from error
        try:
            with file:
                yield lambda samples: _append(file, samples)
            _check_length(path, kind, temporary)
        except (RuntimeError, AssertionError):  # from soundfile, which gives no reason
            _raise_if_full(path, temporary)
            raise


def write(path: str | Path, samples: npt.NDArray[Any], rate: int, subtype: str = "PCM_16") -> None:
    """Write samples, (n,) or (n, channels), as an audio file; see `writing`."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with writing(path, Layout(rate, channels, subtype, len(samples))) as append:
        append(samples)


def subtype_in(kind: str, subtype: str) -> str:
    """Return the sample type that is written for `subtype` in a file format such as "WAV"."""
    import soundfile

    linear = subtype.startswith("PCM_") or subtype in ("FLOAT", "DOUBLE")
    if linear and soundfile.check_format(kind, subtype):
        return subtype
    return str(soundfile.default_subtype(kind))


def _format(path: Path, layout: Layout) -> tuple[str, str]:
    suffix = path.suffix.lower()
    kind = FORMATS[suffix]
    if suffix == ".opus":
        return kind, "OPUS"
    subtype = subtype_in(kind, layout.subtype)
    if kind == "WAV":
        size = (layout.frames or 0) * replace(layout, subtype=subtype).frame_bytes
        kind = "RF64" if size + _HEADER > _LIMITED[kind] else kind
    return kind, subtype


def _append(file: Any, samples: npt.NDArray[Any]) -> None:
    for i in range(0, len(samples), _BLOCK):
        file.write(samples[i : i + _BLOCK])


def _check_length(path: str | Path, kind: str, written: Path) -> None:
    if written.stat().st_size > _LIMITED.get(kind, np.inf):
        raise ValueError(
            f"{path}: {kind} files hold at most 4 GiB; write .w64, .rf64, .caf or .flac instead"
        )


def _raise_if_full(path: str | Path, temporary: Path) -> None:
    """Raise the operating system's error if a plain write to the file fails too."""
    try:
        with temporary.open("ab") as file:
            file.write(bytes(_HEADER))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(
            error.errno, f"{path}: not written, {os.strerror(error.errno or 0).lower()}"
        ) from error
