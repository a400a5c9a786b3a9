"""Wav and raw streams, as `enhance -` reads them from a pipe.

A raw stream is an input that begins with `RAW`, the number of a sample type and of channels.
"""

from __future__ import annotations

import io
import struct
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
from mutation import flipped, number
from trial import scratch

from nibblestream.sound import pipe, reading, wave
from nibblestream.sound.wave import SUBTYPES, Layout

REFUSALS = (ValueError,)
RAW, RATE = b"raw:", 8000
FRAMES = 9  # of a seed
CHUNKS = (b"fmt ", b"data", b"LIST", b"fact", b"RIFF", b"bext", b"\0\0\0\0")
_PATH = scratch() / "out.wav"


class Heard(NamedTuple):
    """What is read of a stream."""

    layout: Layout
    samples: npt.NDArray[np.float64]


def seeds() -> list[bytes]:
    """Return wavs of all sample types, of one and more channels."""
    rng = np.random.default_rng(6)
    found = []
    for i, subtype in enumerate(SUBTYPES.values()):
        file = io.BytesIO()
        samples = rng.uniform(-1, 1, (FRAMES, 1 + i % 3))
        soundfile.write(file, samples, 8000 * (1 + i), subtype, format=("WAV", "WAVEX")[i % 2])
        found.append(file.getvalue())
        raw = wave.encode(samples, Layout(RATE, samples.shape[1], subtype))
        found.append(RAW + bytes([i, i]) + raw)
    return found


def mutate(data: bytes, rng: Random) -> bytes:
    """Change a field of a chunk, or add, remove or move a chunk, or change any byte."""
    chunks = _chunks(data) if data[: len(RAW)] != RAW else []
    how = rng.randrange(8)
    if how == 0 or not chunks:
        return flipped(data, rng)
    at = rng.randrange(len(chunks))
    name, size, body = chunks[at]
    if how == 1:
        chunks[at] = (name, number(rng) % 2**32, body)
    elif how == 2:
        chunks[at] = (rng.choice(CHUNKS), size, body)
    elif how == 3:
        chunks.insert(rng.randrange(len(chunks) + 1), chunks[at])
    elif how == 4:
        del chunks[at]
    elif len(body) >= 4:
        wide = rng.random() < 0.5
        place = rng.randrange(0, len(body) - 3, 2)
        word = struct.pack("<I" if wide else "<H", number(rng) % (2**32 if wide else 2**16))
        chunks[at] = (name, size, body[:place] + word + body[place + len(word) :])
    return data[:12] + b"".join(struct.pack("<4sI", n, s) + b for n, s, b in chunks)


def read(data: bytes) -> Heard:
    """Read a stream to its end."""
    raw = None
    if data.startswith(RAW):
        number, channels = (*data[len(RAW) :], 0, 0)[:2]
        raw = Layout(RATE, channels % 3 + 1, [*SUBTYPES.values()][number % len(SUBTYPES)])
        data = data[len(RAW) + 2 :]
    layout, pieces = pipe.from_pipe(io.BufferedReader(io.BytesIO(data)), raw)
    return Heard(layout, np.concatenate(list(pieces)))


def verify(data: bytes, found: Heard) -> None:
    """Check the samples, that they can be written and read again, and libsndfile's opinion."""
    layout, samples = found
    assert samples.shape[1] == layout.channels
    assert len(samples) * layout.frame_bytes <= len(data)
    assert layout.frames is None or len(samples) <= layout.frames
    assert np.isfinite(samples).all()
    assert layout.rate > 0
    file = io.BytesIO()
    output = pipe.Output(file, layout, raw=False)
    output.write(samples)
    output.close()
    again = read(file.getvalue())
    np.testing.assert_array_equal(again.samples, samples)
    _PATH.write_bytes(file.getvalue())
    np.testing.assert_array_equal(np.reshape(reading.read(_PATH)[0], samples.shape), samples)


def _chunks(data: bytes) -> list[tuple[bytes, int, bytes]]:
    chunks, at = [], 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        end = min(at + 8 + size + size % 2, len(data))
        chunks.append((name, size, data[at + 8 : end]))
        at = end
    return chunks
