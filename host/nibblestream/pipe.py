"""Audio enhanced piece by piece, as it comes from a file or a pipe, and written to a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from . import wave
from .audio_out import subtype_in
from .enhancer import MAX_CHANNELS, Enhancer, checked_rate
from .wave import Layout

Float = npt.NDArray[np.float64]


def from_pipe(file: BinaryIO, raw: Layout | None) -> tuple[Layout, Iterator[Float]]:
    """Return how samples lie in a stream, from its header if it is not raw, and the samples."""
    layout = wave.read_header(file) if raw is None else raw
    return layout, wave.pieces(file, layout)


def enhanced(enhancer: Enhancer, layout: Layout, pieces: Iterable[Float]) -> Iterator[Float]:
    """Enhance pieces (n, channels) one by one, each channel by a stream of its own.

    All that comes out, concatenated, is what `Enhancer.enhance` returns for all the pieces.

    Raises
    ------
    ValueError
        There are too many channels, or the rate is out of range.
    """
    if layout.channels > MAX_CHANNELS:
        raise ValueError(f"found {layout.channels} channels; expected at most {MAX_CHANNELS}")
    checked_rate(layout.rate)
    if layout.channels > 1 and enhancer.one_at_a_time:
        return _one_by_one(enhancer, layout, pieces)
    return _side_by_side(enhancer, layout, pieces)


def _side_by_side(enhancer: Enhancer, layout: Layout, pieces: Iterable[Float]) -> Iterator[Float]:
    with ExitStack() as stack:
        streams = [
            stack.enter_context(enhancer.stream(layout.rate)) for _ in range(layout.channels)
        ]
        for piece in pieces:
            columns = zip(streams, piece.T, strict=True)
            yield np.stack([stream.process(column) for stream, column in columns], axis=1)
        yield np.stack([stream.flush() for stream in streams], axis=1)


def _one_by_one(enhancer: Enhancer, layout: Layout, pieces: Iterable[Float]) -> Iterator[Float]:
    """Enhance channel after channel, through temporary files.

    Where there is one stream at a time, a piece of one channel cannot follow one of another.
    """
    with ExitStack() as stack:
        noisy = stack.enter_context(TemporaryFile())
        sizes = [noisy.write(piece.tobytes()) for piece in pieces]
        outputs = []
        for channel in range(layout.channels):
            clean = stack.enter_context(TemporaryFile())
            noisy.seek(0)
            with enhancer.stream(layout.rate) as stream:
                for size in sizes:
                    piece = np.frombuffer(noisy.read(size)).reshape(-1, layout.channels)
                    clean.write(stream.process(piece[:, channel]).tobytes())
                clean.write(stream.flush().tobytes())
            clean.seek(0)
            outputs.append(clean)
        for size in sizes:
            columns = (np.frombuffer(clean.read(size // layout.channels)) for clean in outputs)
            yield np.stack(list(columns), axis=1)


class Output:
    """Samples written at once, to a file that may be a pipe.

    A wav header that turned out wrong, as the input did not say how long it is or ended early, is
    written anew in the end, where the file allows that.

    Parameters
    ----------
    file : buffered binary file
    layout : Layout
        Of the input.
    raw : bool
        No header.
    """

    def __init__(self, file: BinaryIO, layout: Layout, *, raw: bool) -> None:
        kept = layout.subtype if raw else subtype_in("WAV", layout.subtype)
        self._file, self._raw = file, raw
        self._layout = replace(layout, subtype=kept)
        self._start = file.tell() if not raw and _is_rewritable(file) else None
        self.frames = 0

    def write(self, samples: Float) -> None:
        """Write samples (n, channels).

        Raises
        ------
        ConnectionError
            Nobody reads any more.
        """
        if len(samples):
            before = b"" if self._raw or self.frames else wave.header(self._layout)
            self._send(before + wave.encode(samples, self._layout))
            self.frames += len(samples)

    def close(self) -> None:
        """Write what ends a wav, and its header if that was wrong."""
        if self._raw or not self.frames:
            return
        self._send(bytes(self.frames * self._layout.frame_bytes % 2))
        if self._start is not None and self.frames != self._layout.frames:
            end = self._file.tell()
            self._file.seek(self._start)
            self._send(wave.header(replace(self._layout, frames=self.frames)))
            self._file.seek(end)

    def _send(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
        except BrokenPipeError:
            raise ConnectionError("standard output: who read it has closed it") from None


def _is_rewritable(file: Any) -> bool:
    """Return whether one can go back in this file, which one cannot where it is appended to."""
    try:
        from fcntl import F_GETFL, fcntl

        return bool(file.seekable()) and not fcntl(file.fileno(), F_GETFL) & os.O_APPEND
    except (ImportError, OSError):
        return False
