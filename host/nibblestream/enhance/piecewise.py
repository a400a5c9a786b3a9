"""Enhance recordings piece by piece, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile

import numpy as np
import numpy.typing as npt

from ..sound.wave import Layout
from ..speech.resampler import checked_rate
from .enhancer import MAX_CHANNELS, Enhancer

Float = npt.NDArray[np.float64]


def enhanced(enhancer: Enhancer, layout: Layout, pieces: Iterable[Float]) -> Iterator[Float]:
    """Enhance pieces of shape (n, channels) in order, one stream per channel.

    The concatenated output equals what `Enhancer.enhance` returns for the concatenated input.

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
    """Enhance one channel after another, through temporary files.

    For backends that run one stream at a time, where the channels cannot be interleaved.
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
