"""WAV and raw samples as sequential streams, read and written piece by piece."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final, NoReturn

import numpy as np
import numpy.typing as npt

from ..speech.resampler import RATES

Float = npt.NDArray[np.float64]

SUBTYPES: Final = {  # (format tag, bits): soundfile's name
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
UNKNOWN: Final = 0x7FFFF000  # the length that sox writes when it is unknown
LONGEST: Final = 0x7FFF0000  # 0 and lengths from here on mean "until the end"
MOST_CHANNELS: Final = 512  # bytes per second then fit the header's 32 bits at any rate
LOUDEST: Final = 2.0**100  # samples; full scale is 1, and sums of these stay finite
_PIECE: Final = 1 << 16  # bytes read at a time, at most
_HEADER: Final = 1 << 20  # bytes of chunks allowed before the samples


@dataclass(frozen=True)
class Layout:
    """The sample format of a stream or file.

    Parameters
    ----------
    rate : int
        In Hz.
    channels : int
    subtype : str
        soundfile's name of the sample type; little-endian.
    frames : int, optional
        Number of samples per channel, if known.
    """

    rate: int
    channels: int
    subtype: str
    frames: int | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes per frame: one sample of every channel."""
        return self.channels * TAGS[self.subtype][1] // 8

    @property
    def raw(self) -> dict[str, Any]:
        """Arguments of soundfile for samples of this layout without a header."""
        return {"subtype": self.subtype, "format": "RAW", "endian": "LITTLE"}


def read_header(file: BinaryIO) -> Layout:
    """Read a WAV header, up to the first sample; its lengths may be placeholders.

    Raises
    ------
    ValueError
        The stream is not a WAV, or it is damaged or of an unsupported sample format.
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
            _refuse(f"has a chunk {name!r} of {size} bytes", "format chunks, then samples")
        chunk = _exactly(file, size + size % 2)
        layout = _format(chunk) if name == b"fmt " else layout


def _format(chunk: bytes) -> Layout:
    if len(chunk) < 16:
        _refuse(f"has a format of {len(chunk)} bytes", "16 or more")
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    fits = 1 <= channels <= MOST_CHANNELS and align == channels * bits // 8
    if (tag, bits) not in SUBTYPES or not fits:
        _refuse(
            f"has samples of format {tag:#x}, {bits} bits, {channels} channels in {align} bytes",
            f"1 to {MOST_CHANNELS} channels of linear PCM of 8, 16, 24 or 32 bits, floats, A-law "
            "or u-law",
        )
    if not RATES[0] <= rate <= RATES[1]:
        _refuse(f"has a sample rate of {rate} Hz", f"{RATES[0]} to {RATES[1]} Hz")
    return Layout(rate, channels, SUBTYPES[tag, bits])


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        _refuse("ends within its wav header", "samples after it")
    return found


def _refuse(found: str, expected: str) -> NoReturn:
    raise ValueError(f"standard input: {found}; expected {expected}")


def pieces(file: Any, layout: Layout) -> Iterator[Float]:
    """Yield samples of shape (n, channels) as they arrive, up to `layout.frames` if known.

    Parameters
    ----------
    file : buffered binary file
        Read to its end even beyond the samples, so that the writer gets no broken pipe.
    layout : Layout

    Raises
    ------
    ValueError
        The stream holds no samples, or NaN or infinity.
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
    """Decode bytes to float64 samples of shape (n, channels), full scale +-1."""
    import soundfile

    shape = {"samplerate": layout.rate, "channels": layout.channels}
    found, _ = soundfile.read(BytesIO(data), always_2d=True, **shape, **layout.raw)
    if not are_finite(found):
        _refuse("holds NaN or infinity", "finite samples")
    return np.asarray(found)


def are_finite(samples: Float) -> bool:
    """Return whether no sample is NaN, infinite, or so large that a filter could make it so."""
    return bool((np.abs(samples) <= LOUDEST).all())


def encode(samples: Float, layout: Layout) -> bytes:
    """Encode samples of shape (n, channels) as bytes, identical to those in an audio file."""
    import soundfile

    data = BytesIO()
    soundfile.write(data, samples, layout.rate, **layout.raw)
    return data.getvalue()


def header(layout: Layout) -> bytes:
    """Return the WAV header; for integer samples, the same bytes as libsndfile writes."""
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
