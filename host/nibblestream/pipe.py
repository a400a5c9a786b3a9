"""Audio through standard input and output, enhanced while it comes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from . import audio, wave
from .enhancer import MAX_CHANNELS, Enhancer
from .wave import Layout

Float = npt.NDArray[np.float64]

_PIECE = 1 << 16  # samples of a file at a time


def from_pipe(file: BinaryIO, raw: Layout | None) -> tuple[Layout, Iterator[Float]]:
    """Return how samples lie in a stream, from its header if it is not raw, and the samples."""
    layout = wave.read_header(file) if raw is None else raw
    return layout, wave.pieces(file, layout)


def from_file(path: Path) -> tuple[Layout, Iterator[Float]]:
    """Return the same of a file; raises as `audio.read` does."""
    samples, rate = audio.read(path)
    columns = samples.reshape(len(samples), -1)
    layout = Layout(rate, columns.shape[1], audio.subtype(path), len(columns))
    return layout, (columns[i : i + _PIECE] for i in range(0, len(columns), _PIECE))


def enhanced(enhancer: Enhancer, layout: Layout, pieces: Iterable[Float]) -> Iterator[Float]:
    """Enhance pieces (n, channels) one by one, each channel by a stream of its own.

    Where there is one stream at a time, several channels are read to their end first.

    All that it yields, one after the other, is what `Enhancer.enhance` makes of all the pieces.

    Raises
    ------
    ValueError
        There are too many channels.
    """
    if layout.channels > MAX_CHANNELS:
        raise ValueError(f"found {layout.channels} channels; expected at most {MAX_CHANNELS}")
    if layout.channels > 1 and enhancer.one_at_a_time:
        yield enhancer.enhance(np.concatenate(list(pieces)), layout.rate)
        return
    with ExitStack() as stack:
        streams = [
            stack.enter_context(enhancer.stream(layout.rate)) for _ in range(layout.channels)
        ]
        for piece in pieces:
            columns = zip(streams, piece.T, strict=True)
            yield np.stack([stream.process(column) for stream, column in columns], axis=1)
        yield np.stack([stream.flush() for stream in streams], axis=1)


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
        kept = layout.subtype if raw else audio.subtype_in("WAV", layout.subtype)
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
