"""Model of an AXI4-Stream: beats in flight, with the times of their arrival."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ...network.pack import Beats


class Chunk(NamedTuple):
    """Consecutive beats.

    `first` is the time from which the first beat can be taken, `end` the time at which the last
    beat arrives, and `last` is whether the last beat has TLAST.
    """

    words: Beats
    first: float
    end: float
    last: bool


class Stream:
    """A link between two processes, with room for `depth` beats.

    A DMA puts all beats of a transfer in at once, and is busy while more than `depth` are left.
    """

    def __init__(self, name: str, depth: int) -> None:
        self.name, self.depth = name, depth
        self.moves = 0  # how often beats were put in or taken
        self.freed = 0.0  # when the consumer began to take the last chunk
        self._chunks: deque[Chunk] = deque()
        self._fill = 0
        self._limit: int | None = None

    @property
    def fill(self) -> int:
        """Beats in the stream."""
        return self._fill

    @property
    def free(self) -> int:
        """Beats that the stream has room for."""
        return max(self.depth - self._fill, 0)

    @property
    def ready(self) -> int:
        """Beats that can be taken at once."""
        beats = len(self._chunks[0].words) if self._chunks else 0
        return beats if self._limit is None else min(beats, self._limit)

    def put(self, words: Beats, first: float, end: float, last: bool = False) -> None:
        """Add beats, even beyond the depth."""
        if len(words):
            self._chunks.append(Chunk(words, first, end, last))
            self._fill += len(words)
            self.moves += 1

    def take(self, beats: int, at: float) -> Chunk:
        """Take up to `ready` beats, beginning at time `at`."""
        chunk = self._chunks.popleft()
        rest = chunk.words[beats:]
        if len(rest):
            self._chunks.appendleft(chunk._replace(words=rest))
            chunk = chunk._replace(words=chunk.words[:beats], last=False)
        self._fill -= beats
        self.moves += 1
        self.freed = max(at, chunk.first)
        if self._limit is not None:
            self._limit -= beats
        return chunk

    def stall(self, after: int) -> None:
        """Let `after` more beats pass, and no more until `reset`."""
        self._limit = after

    def cut(self) -> None:
        """Drop the beats that the source DMA still held when it was reset."""
        keep, self._fill = self.depth, 0
        chunks, self._chunks = self._chunks, deque()
        for chunk in chunks:
            self.put(chunk.words[: keep - self._fill], chunk.first, chunk.end)

    def reset(self) -> None:
        """Drop the beats in registers and end a stall; keep those that a DMA still holds."""
        lost = min(self.depth, self._fill)
        self._limit = None
        while lost:
            lost -= len(self.take(min(lost, self.ready), self.freed).words)
