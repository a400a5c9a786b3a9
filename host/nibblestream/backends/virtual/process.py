"""What runs on the fabric: two DMAs' channels and three kernels, beat counts and times exact.

The kernels' arithmetic is that of their compiled C++, which computes a block as a whole. So a beat
of the streams `magnitude` and `polar` is the bin that it was made from; when `lut_mac` has all that
it reads, it has the block computed from those bins, and gives each enhanced bin, exclusive-ored
with the bin it was made from; `cordic_rotation` undoes that with what it finds in `polar`. Where
streams have lost their step, what comes out is therefore as wrong as it would be in hardware.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ... import spec
from ...hardware.cycles import Loop
from ...network import code_stream
from ...network.pack import Beats
from .stream import Chunk, Stream
from .timing import Timing, loops

Streams = Mapping[str, Stream]
Compute = Callable[[Beats, Beats], tuple[Beats, int]]  # bins, codes -> enhanced bins, digest


class Process:
    """Something that moves beats until it is done; its body yields when it has to wait.

    Parameters
    ----------
    name : str
    at : float
        The time it starts; from then on, how far it has come.
    clock : float
        Of the fabric, in Hz.
    """

    def __init__(self, name: str, at: float, clock: float) -> None:
        self.name, self.at, self.clock = name, at, clock
        self.kernel = 0.0  # seconds of its own clocks
        self.outputs: dict[str, int] = {}  # of a kernel
        self.received = np.empty(0, np.uint64)  # by a DMA
        self.overrun = False
        self.stopped = False  # by a reset
        self.body: Iterator[None] = iter(())

    def advance(self) -> bool:
        """Go on as far as possible; return whether it is done."""
        return next(self.body, "done") == "done"

    def take(self, stream: Stream, beats: int, seconds: float) -> Chunk:
        """Take beats, each in at least so many seconds."""
        chunk = stream.take(beats, self.at)
        self.at = max(max(self.at, chunk.first) + beats * seconds, chunk.end)
        return chunk

    def give(self, stream: Stream, words: Beats, start: float, last: bool = False) -> None:
        """Give beats on, the first of them at a time, the last of them now."""
        stream.put(words, start, self.at, last)

    def run(self, loop: Loop, read: float) -> None:
        """Let the time of a loop of `lut_mac` pass, which reads a beat of codes each `read` s.

        LOAD's and SEND's iterations pass as their beats come and go, so here only their rest does.
        """
        self.kernel += loop.cycles / self.clock
        beatwise = loop.label in ("LOAD", "SEND")
        clocks = loop.cycles - loop.iterations if beatwise else loop.cycles
        self.at += max(clocks / self.clock, loop.beats * read)


def never() -> Iterator[None]:
    """Wait for something that does not come."""
    while True:
        yield


def send(process: Process, stream: Stream, words: Beats) -> Iterator[None]:
    """MM2S: done when the stream has taken all but what its register slice holds."""
    stream.put(words, process.at, process.at, last=True)
    while stream.fill > stream.depth:
        yield
    process.at = max(process.at, stream.freed)


def receive(process: Process, stream: Stream, beats: int, timing: Timing) -> Iterator[None]:
    """S2MM: done at TLAST, or when a beat comes that the buffer has no room for."""
    parts = [np.empty(0, np.uint64)]
    seconds = timing.write_beat(process.clock)
    last = False
    while not last and (beats or not stream.ready):
        ready = min(beats, stream.ready)
        if not ready:
            yield
            continue
        chunk = process.take(stream, ready, seconds)
        parts.append(chunk.words)
        beats -= ready
        last = chunk.last
    process.received = np.concatenate(parts)
    process.overrun = not last
    process.at += timing.latency


def vectoring(process: Process, streams: Streams, frames: int, seconds: float) -> Iterator[None]:
    """`cordic_vectoring`: a beat in, two out; no faster than the DMA reads."""
    spectrum, magnitude, polar = (streams[name] for name in ("spectrum", "magnitude", "polar"))
    taken = [np.empty(0, np.uint64)]
    left = frames * spec.BINS
    while left:
        beats = min(left, spectrum.ready, magnitude.free, polar.free)
        if not beats:
            yield
            continue
        start = process.at = max(process.at, magnitude.freed, polar.freed)
        taken.append(process.take(spectrum, beats, seconds).words)
        process.give(magnitude, taken[-1], start)
        process.give(polar, taken[-1], start)
        left -= beats
    process.outputs["digest"] = code_stream.digest(np.concatenate(taken))


def lut_mac(
    process: Process, streams: Streams, frames: int, beats: int, compute: Compute, timing: Timing
) -> Iterator[None]:
    """`lut_mac`: a header, all magnitudes, all codes; then all outputs."""
    process.outputs["digest"] = 0
    if not frames:
        return
    clock, read = 1 / process.clock, timing.read_beat(process.clock)
    bins: list[Beats] = []
    words = [np.empty(0, np.uint64)]
    yield from _collect(process, streams["codes"], min(beats, 1), clock, words)
    process.at += (spec.CONTEXT - 1) * spec.BINS * clock
    yield from _collect(process, streams["magnitude"], frames * spec.BINS, clock, bins)
    yield from _collect(process, streams["codes"], beats - len(words[-1]), 0.0, words)
    inputs, codes = np.concatenate(bins), np.concatenate(words)
    enhanced, process.outputs["digest"] = compute(inputs, codes)
    for loop in loops(codes, frames, refused=not process.outputs["digest"]):
        process.run(loop, read)
        if loop.beats:
            streams["codes"].freed = process.at
    yield from _give(process, streams["network"], enhanced ^ inputs, clock)


class Packet(NamedTuple):
    """What `cordic_rotation` gives: so many beats, and TLAST with the last of them."""

    beats: int
    last: bool = True


def rotation(process: Process, streams: Streams, frames: int, packet: Packet) -> Iterator[None]:
    """`cordic_rotation`: a beat of each in, one out.

    The packet has `frames` * 129 beats unless a fault says otherwise: the rest is not given, or
    zeros are added.
    """
    network, polar, spectrum = (streams[name] for name in ("network", "polar", "enhanced"))
    made = [np.empty(0, np.uint64)]
    left = frames * spec.BINS
    given = 0
    while left:
        beats = min(left, network.ready, polar.ready, spectrum.free)
        if not beats:
            yield
            continue
        start = process.at = max(process.at, spectrum.freed)
        words = process.take(polar, beats, 0.0).words
        made.append(words ^ process.take(network, beats, 1 / process.clock).words)
        left -= beats
        bins = made[-1][: max(packet.beats - given, 0)]
        given += len(bins)
        process.give(spectrum, bins, start, packet.last and given == packet.beats)
    process.outputs["digest"] = code_stream.digest(np.concatenate(made))
    extra = np.zeros(packet.beats - given, np.uint64)
    yield from _give(process, spectrum, extra, 1 / process.clock, packet.last)


def _collect(
    process: Process, stream: Stream, beats: int, seconds: float, into: list[Beats]
) -> Iterator[None]:
    """Take a number of beats, waiting for them."""
    while beats:
        ready = min(beats, stream.ready)
        if ready:
            into.append(process.take(stream, ready, seconds).words)
            beats -= ready
        else:
            yield


def _give(
    process: Process, stream: Stream, words: Beats, seconds: float, last: bool = False
) -> Iterator[None]:
    """Give beats as room comes for them."""
    while len(words):
        beats = min(len(words), stream.free)
        if not beats:
            yield
            continue
        start = max(process.at, stream.freed)
        process.at = start + beats * seconds
        process.give(stream, words[:beats], start, last and beats == len(words))
        words = words[beats:]
