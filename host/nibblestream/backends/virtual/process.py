"""Models of the DMA channels and the kernels as processes that move beats and take time.

The kernels' arithmetic is that of their compiled C++, which computes a block as a whole. So a beat
of the streams `magnitude` and `polar` carries the spectrum's bin that it is computed from. When
`lut_mac` has read all its inputs, the compiled kernels compute the block from those bins, and
`lut_mac` sends each enhanced bin XORed with the noisy bin; `cordic_rotation` undoes this with the
bin in `polar`. If the streams are out of step, the output is as wrong as it would be in hardware.

Rows of a network without spectra pass as they are, and `polar` carries nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ... import spec
from ...geometry import Geometry
from ...hardware.cycles import Loop
from ...network import code_stream
from ...network.pack import Beats
from .call import Call
from .stream import Chunk, Stream
from .timing import Timing, loops, past_of

Streams = Mapping[str, Stream]
Compute = Callable[[Beats, Beats], tuple[Beats, int]]  # bins or rows, codes -> outputs, digest
CODES = ("codes", "codes_high")  # streams of codes, one from each memory port
BEATWISE = ("LOAD", "LOAD_ROWS", "SEND", "SEND_ROWS")  # loops timed by their beats


class Process:
    """A process that moves beats; its body yields when it has to wait, and ends when it is done.

    Parameters
    ----------
    name : str
    at : float
        The time of its start; then the time that it has reached.
    clock : float
        Clock of the fabric, in Hz.
    """

    def __init__(self, name: str, at: float, clock: float) -> None:
        self.name, self.at, self.clock = name, at, clock
        self.kernel = 0.0  # seconds in its own clocks
        self.outputs: dict[str, int] = {}  # registers of a kernel
        self.received = np.empty(0, np.uint64)  # beats of a DMA
        self.overrun = False
        self.stopped = False  # by a reset
        self.body: Iterator[None] = iter(())

    def advance(self) -> bool:
        """Run as far as possible; return whether the process is done."""
        return next(self.body, "done") == "done"

    def take(self, stream: Stream, beats: int, seconds: float) -> Chunk:
        """Take beats from a stream; each takes at least `seconds`."""
        chunk = stream.take(beats, self.at)
        self.at = max(max(self.at, chunk.first) + beats * seconds, chunk.end)
        return chunk

    def give(self, stream: Stream, words: Beats, start: float, last: bool = False) -> None:
        """Put beats into a stream, the first at time `start`, the last at the current time."""
        stream.put(words, start, self.at, last)

    def run(self, loop: Loop, read: float) -> None:
        """Add the time of a loop of `lut_mac`, which reads a beat of codes every `read` seconds.

        The iterations of `BEATWISE` loops are timed by their beats, so only the rest is added here.
        """
        self.kernel += loop.cycles / self.clock
        clocks = loop.cycles - loop.iterations if loop.label in BEATWISE else loop.cycles
        self.at += max(clocks / self.clock, loop.beats * read)


def never() -> Iterator[None]:
    """Wait forever."""
    while True:
        yield


def send(process: Process, stream: Stream, words: Beats) -> Iterator[None]:
    """Model MM2S: done when the stream holds no more than its register slice does."""
    stream.put(words, process.at, process.at, last=True)
    while stream.fill > stream.depth:
        yield
    process.at = max(process.at, stream.freed)


def receive(process: Process, stream: Stream, beats: int, timing: Timing) -> Iterator[None]:
    """Model S2MM: done at TLAST, or at a beat that does not fit the buffer."""
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


def vectoring(process: Process, streams: Streams, call: Call, seconds: float) -> Iterator[None]:
    """Model `cordic_vectoring`: a bin in, two beats out, or a beat as it is; at the DMA's rate."""
    spectrum, magnitude, polar = (streams[name] for name in ("spectrum", "magnitude", "polar"))
    outputs = (magnitude,) if call.raw else (magnitude, polar)
    taken = [np.empty(0, np.uint64)]
    left = call.beats_in
    while left:
        beats = min(left, spectrum.ready, *(stream.free for stream in outputs))
        if not beats:
            yield
            continue
        start = process.at = max(process.at, *(stream.freed for stream in outputs))
        taken.append(process.take(spectrum, beats, seconds).words)
        for stream in outputs:
            process.give(stream, taken[-1], start)
        left -= beats
    process.outputs["digest"] = code_stream.digest(np.concatenate(taken))


def lut_mac(
    process: Process,
    streams: Streams,
    call: Call,
    beats: int,
    compute: Compute,
    timing: Timing,
    geometry: Geometry,
) -> Iterator[None]:
    """Model `lut_mac`: read a header, all inputs and all codes, then write all outputs."""
    process.outputs["digest"] = 0
    if not call.frames:
        return
    clock, read = 1 / process.clock, timing.read_beat(process.clock)
    taken: list[Beats] = []
    ports = {streams[name]: [np.empty(0, np.uint64)] for name in CODES[: geometry.ports]}
    first = min(beats, 1)
    for stream, words in ports.items():
        yield from _collect(process, stream, first, clock, words)
    process.at += past_of(ports[streams["codes"]][-1], call) * spec.BINS * clock
    yield from _collect(process, streams["magnitude"], call.beats_in, clock, taken)
    for stream, words in ports.items():
        yield from _collect(process, stream, beats - first, 0.0, words)
    if not call.consistent:  # the core and the port behind it disagree on the beats to send
        yield from never()
    inputs = np.concatenate(taken)
    codes = np.stack([np.concatenate(words) for words in ports.values()], axis=1).ravel()
    made, process.outputs["digest"] = compute(inputs, codes)
    for loop in loops(codes, call, not process.outputs["digest"], geometry):
        process.run(loop, read)
        if loop.beats:
            for stream in ports:
                stream.freed = process.at
    yield from _give(process, streams["network"], made if call.raw else made ^ inputs, clock)


class Packet(NamedTuple):
    """The packet from `cordic_rotation`: its beats, and whether the last one has TLAST."""

    beats: int
    last: bool = True


def rotation(process: Process, streams: Streams, call: Call, packet: Packet) -> Iterator[None]:
    """Model `cordic_rotation`: a beat of each input in, or of `network` alone, one out.

    The packet has the block's beats. If a fault makes it shorter, the rest is not sent; if longer,
    zeros are appended.
    """
    network, polar, spectrum = (streams[name] for name in ("network", "polar", "enhanced"))
    clock = 1 / process.clock
    inputs = {network: clock} if call.raw else {polar: 0.0, network: clock}  # seconds of a beat
    made = [np.empty(0, np.uint64)]
    left = call.beats_out
    given = 0
    while left:
        beats = min(left, spectrum.free, *(stream.ready for stream in inputs))
        if not beats:
            yield
            continue
        start = process.at = max(process.at, spectrum.freed)
        taken = [process.take(stream, beats, each).words for stream, each in inputs.items()]
        made.append(np.bitwise_xor.reduce(taken))
        left -= beats
        bins = made[-1][: max(packet.beats - given, 0)]
        given += len(bins)
        process.give(spectrum, bins, start, packet.last and given == packet.beats)
    process.outputs["digest"] = code_stream.digest(np.concatenate(made))
    extra = np.zeros(packet.beats - given, np.uint64)
    yield from _give(process, spectrum, extra, clock, packet.last)


def _collect(
    process: Process, stream: Stream, beats: int, seconds: float, into: list[Beats]
) -> Iterator[None]:
    """Take a number of beats, and wait where there are none."""
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
    """Put beats into a stream, and wait where there is no room."""
    while len(words):
        beats = min(len(words), stream.free)
        if not beats:
            yield
            continue
        start = max(process.at, stream.freed)
        process.at = start + beats * seconds
        process.give(stream, words[:beats], start, last and beats == len(words))
        words = words[beats:]
