"""WAV and raw samples as streams: read and written in order, piece by piece."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final, NoReturn

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

SUBTYPES: Final = {  # format tag, bits: soundfile's name
    (1, 8): "PCM_U8",
    (1, 16): "PCM_16",
    (1, 24): "PCM_24",
    (1, 32): "PCM_32",
    (3, 32): "FLOAT",
    (3, 64): "DOUBLE",
    (6, 8): "ALAW",
    (7, 8): "ULAW",
}
TAGS: Final = {subtype: tag_bits for tag_bits, subtype in SUBTYPES.items()}
EXTENSIBLE: Final = 0xFFFE
UNKNOWN: Final = 0x7FFFF000  # the length that sox writes where it does not know it
LONGEST: Final = 0x7FFF0000  # lengths from here on, and 0, mean "until the end", whoever wrote them
_PIECE: Final = 1 << 16  # bytes at most
_HEADER: Final = 1 << 20  # bytes of chunks that may stand before the samples


@dataclass(frozen=True)
class Layout:
    """How samples lie in a stream.

    Parameters
    ----------
    rate : int
        In Hz.
    channels : int
    subtype : str
        As soundfile names it; little-endian.
    frames : int, optional
        How many samples of each channel there are, if that is known.
    """

    rate: int
    channels: int
    subtype: str
    frames: int | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * TAGS[self.subtype][1] // 8

    @property
    def raw(self) -> dict[str, Any]:
        """What soundfile must be told of such samples without a header."""
        return {"subtype": self.subtype, "format": "RAW", "endian": "LITTLE"}


def read_header(file: BinaryIO) -> Layout:
    """Read up to the first sample of a WAV, whose lengths need not be known to who wrote it.

    Raises
    ------
    ValueError
        It is no WAV, a damaged one, or of a kind that is not read.
    """
    start = file.read(12)
    if not start:
        _refuse("holds no samples", "at least one")
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        _refuse(f"starts with {start!r}", "a wav header (for raw samples, give their --rate)")
    layout = None
    left = _HEADER
    while True:
        name, size = struct.unpack("<4sI", _exactly(file, 8))
        if name == b"data" and layout is not None:
            frames = size // layout.frame_bytes if 0 < size < LONGEST else None
            return Layout(layout.rate, layout.channels, layout.subtype, frames)
        left -= size
        if left < 0 or name == b"data":
            _refuse(f"has a chunk {name!r} of {size} bytes", "chunks of formats, then samples")
        chunk = _exactly(file, size + size % 2)
        layout = _format(chunk) if name == b"fmt " else layout


def _format(chunk: bytes) -> Layout:
    if len(chunk) < 16:
        _refuse(f"has a format of {len(chunk)} bytes", "16 or more")
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    if (tag, bits) not in SUBTYPES or not channels or align != channels * bits // 8:
        _refuse(
            f"has samples of format {tag:#x}, {bits} bits, {channels} channels in {align} bytes",
            "linear ones of 8, 16, 24 or 32 bits, floats, A-law or u-law",
        )
    return Layout(rate, channels, SUBTYPES[tag, bits])


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        _refuse("ends within its wav header", "samples after it")
    return found


def _refuse(found: str, expected: str) -> NoReturn:
    raise ValueError(f"standard input: {found}; expected {expected}")


def pieces(file: Any, layout: Layout) -> Iterator[Float]:
    """Yield samples (n, channels) as soon as they come, to the end of the file or of its samples.

    Parameters
    ----------
    file : buffered binary file
        Read to its end, so that whoever writes it is not cut off.
    layout : Layout

    Raises
    ------
    ValueError
        There is no sample, or NaN or infinity is among them.
    """
    left = None if layout.frames is None else layout.frames * layout.frame_bytes
    held, count = b"", 0
    while data := file.read1(_PIECE):
        held += data[:left]
        if left is not None:
            left = max(left - len(data), 0)
        whole = len(held) // layout.frame_bytes * layout.frame_bytes
        if whole:
            yield decode(held[:whole], layout)
            count += whole // layout.frame_bytes
            held = held[whole:]
    if not count:
        _refuse("holds no samples", "at least one")
    if layout.frames is not None and count < layout.frames:
        warnings.warn(
            f"standard input ended after {count} of {layout.frames} samples", stacklevel=2
        )


def decode(data: bytes, layout: Layout) -> Float:
    """Return float64 samples (n, channels), full scale +-1, of bytes."""
    import soundfile

    shape = {"samplerate": layout.rate, "channels": layout.channels}
    found, _ = soundfile.read(BytesIO(data), always_2d=True, **shape, **layout.raw)
    if not np.isfinite(found).all():
        _refuse("holds NaN or infinity", "finite samples")
    return np.asarray(found)


def encode(samples: Float, layout: Layout) -> bytes:
    """Return the bytes of samples (n, channels), the same as in a file."""
    import soundfile

    data = BytesIO()
    soundfile.write(data, samples, layout.rate, **layout.raw)
    return data.getvalue()


def header(layout: Layout) -> bytes:
    """Return the bytes before the samples; for integers, those that libsndfile writes."""
    tag, bits = TAGS[layout.subtype]
    size = layout.frame_bytes
    start = b"WAVE" + struct.pack("<4sI", b"fmt ", 16)
    start += struct.pack(
        "<HHIIHH", tag, layout.channels, layout.rate, layout.rate * size, size, bits
    )
    frames = UNKNOWN // size if layout.frames is None else layout.frames
    if tag != 1:
        start += struct.pack("<4sII", b"fact", 4, frames)
    length = frames * size
    if layout.frames is None or length >= LONGEST:
        length = UNKNOWN
    whole = len(start) + 8 + length + length % 2
    return struct.pack("<4sI", b"RIFF", whole) + start + struct.pack("<4sI", b"data", length)
