"""Audio through standard input and output, piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from . import wave
from .wave import Layout
from .writing import subtype_in

Float = npt.NDArray[np.float64]


def from_pipe(file: BinaryIO, raw: Layout | None) -> tuple[Layout, Iterator[Float]]:
    """Return a stream's layout (`raw`, or from its wav header) and its samples piece by piece."""
    layout = wave.read_header(file) if raw is None else raw
    return layout, wave.pieces(file, layout)


class Output:
    """A writer of wav or raw samples that flushes every piece, to a file that may be a pipe.

    If the input's length was unknown or wrong, `close` corrects the sizes in the wav header,
    provided the file is seekable.

    Parameters
    ----------
    file : buffered binary file
    layout : Layout
        Layout of the input.
    raw : bool
        Whether to write samples without a header.
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
            The reader has closed the pipe.
        """
        if len(samples):
            before = b"" if self._raw or self.frames else wave.header(self._layout)
            self._send(before + wave.encode(samples, self._layout))
            self.frames += len(samples)

    def close(self) -> None:
        """Write the pad byte, and correct the sizes in the header if the file is seekable.

        Where the header keeps a wrong size, the pad byte would be read as a sample.
        """
        wrong = self.frames != self._layout.frames
        if self._raw or not self.frames or (wrong and self._start is None):
            return
        self._send(bytes(self.frames * self._layout.frame_bytes % 2))
        if self._start is not None and wrong:
            end = self._file.tell()
            self._file.seek(self._start)
            self._send(wave.header(replace(self._layout, frames=self.frames)))
            self._file.seek(end)

    def _send(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
        except BrokenPipeError:
            raise ConnectionError("standard output: the reader has closed it") from None


def _is_rewritable(file: Any) -> bool:
    """Return whether the file is seekable and not open for appending."""
    try:
        from fcntl import F_GETFL, fcntl

        return bool(file.seekable()) and not fcntl(file.fileno(), F_GETFL) & os.O_APPEND
    except (ImportError, OSError):
        return False
