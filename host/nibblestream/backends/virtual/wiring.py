"""The streams between the DMAs and the kernels, and the processes at their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import numpy as np

from ...geometry import Geometry
from ...hardware.cycles import PIPELINE_DEPTH
from ...network.pack import Beats
from ..csim import Board
from . import process as run
from .call import Call
from .faults import Faults, NeverDone, NoLast, Overrun, ShortPacket, Stall
from .handoff import Handoff, Port
from .process import Process
from .stream import Stream
from .timeline import Timeline
from .timing import Timing

# Beats in a blocked link: in register slices, in the kernels' short FIFOs and their pipelines.
LINK_DEPTH: Final = 32
SLICE_DEPTH: Final = 2  # beats in a kernel's register slice, taken before the kernel reads

# stream: (source, sink), as `csim` wires the compiled kernels; `codes_high` only with two ports
STREAMS: Final[dict[str, tuple[Port, Port]]] = {
    "spectrum": (Port("dma_spectra", "M_AXIS_MM2S"), Port("cordic_vectoring", "spectrum")),
    "codes": (Port("dma_codes", "M_AXIS_MM2S"), Port("lut_mac", "codes")),
    "codes_high": (Port("dma_codes_high", "M_AXIS_MM2S"), Port("lut_mac", "codes_high")),
    "magnitude": (Port("cordic_vectoring", "magnitude"), Port("lut_mac", "magnitude")),
    "polar": (Port("cordic_vectoring", "polar"), Port("polar_fifo", "S_AXIS")),
    "polar_late": (Port("polar_fifo", "M_AXIS"), Port("cordic_rotation", "polar")),
    "network": (Port("lut_mac", "network"), Port("cordic_rotation", "network")),
    "enhanced": (Port("cordic_rotation", "spectrum"), Port("dma_spectra", "S_AXIS_S2MM")),
}
# The output streams of each kernel, which a fault may stall.
FEEDS: Final = {
    "cordic_vectoring": ("magnitude", "polar"),
    "lut_mac": ("network",),
    "cordic_rotation": ("enhanced",),
}

Done = Callable[[Process], None]


class Fabric:
    """The kernels, their streams, and the DMAs' ends of the streams.

    Parameters
    ----------
    handoff : Handoff
        The design; its streams must be those of `STREAMS`.
    geometry : Geometry
        Of the kernels.
    timeline : Timeline
    timing : Timing
    clock : callable
        Returns the clock in Hz.
    faults : Faults

    Raises
    ------
    ValueError
        The design is wired differently.
    """

    def __init__(
        self,
        handoff: Handoff,
        geometry: Geometry,
        timeline: Timeline,
        timing: Timing,
        clock: Callable[[], float],
        faults: Faults,
    ) -> None:
        self._timeline, self._timing, self._clock = timeline, timing, clock
        self._faults, self.geometry = faults, geometry
        unused = run.CODES[geometry.ports :]
        wanted = {name: ends for name, ends in STREAMS.items() if name not in unused}
        handoff.require(wanted)
        depths = dict.fromkeys(("spectrum", *run.CODES), SLICE_DEPTH)
        depths["polar"] = handoff.polar_depth or geometry.polar_depth
        names = (name for name in wanted if name != "polar_late")  # `polar` includes the FIFO
        self.streams = {name: Stream(name, depths.get(name, LINK_DEPTH)) for name in names}
        self._live: dict[Process, Done] = {}
        self._board: Board | None = None
        self._launched = self._kernel = 0.0  # of this block: the last start, the kernels' time

    def send(self, stream: str, words: Beats, done: Done) -> Process:
        """Start a DMA's transfer of beats into a stream."""
        self._inject_stalls(stream)
        process = self._new(f"DMA to {stream}", self._timing.latency)
        process.body = run.send(process, self.streams[stream], words)
        return self._start(process, done)

    def receive(self, stream: str, beats: int, done: Done) -> Process:
        """Start a DMA's transfer of a packet of up to `beats` beats from a stream."""
        process = self._new(f"DMA from {stream}")
        process.body = run.receive(process, self.streams[stream], beats, self._timing)
        return self._start(process, partial(self._received, done))

    def kernel(self, name: str, values: dict[str, int], done: Done) -> Process:
        """Start a kernel with the values of its registers."""
        self._inject_stalls(*FEEDS[name])
        process = self._new(name, PIPELINE_DEPTH / self._clock())
        process.body = self._body(process, values)
        return self._start(process, done)

    def stop(self, process: Process | None, stream: str) -> None:
        """Stop a DMA channel, as its reset does; the beats that it still holds are lost."""
        if process is None:
            return
        process.stopped = True
        if self._live.pop(process, None) and process.name.startswith("DMA to"):
            self.streams[stream].cut()

    def reset(self) -> None:
        """Reset the kernels and the FIFO: the kernels stop and their streams are emptied."""
        for process in [each for each in self._live if each.name in FEEDS]:
            del self._live[process]
        for stream in self.streams.values():
            stream.reset()
        self._kernel = 0.0

    def _new(self, name: str, later: float = 0.0) -> Process:
        self._launched = self._timeline.now
        return Process(name, self._timeline.now + later, self._clock())

    def _start(self, process: Process, done: Done) -> Process:
        self._live[process] = done
        self._settle()
        return process

    def _settle(self) -> None:
        """Run all processes as far as possible, and schedule the completion of those that end."""
        before = None
        while before != (before := self._progress()):
            for process in [*self._live]:
                if process.advance():
                    done = self._live.pop(process)
                    self._kernel += process.kernel
                    self._timeline.at(process.at, partial(done, process))

    def _progress(self) -> tuple[int, ...]:
        return len(self._live), *(stream.moves for stream in self.streams.values())

    def _inject_stalls(self, *streams: str) -> None:
        for name in streams:
            if stall := self._faults.draw(Stall, stream=name):
                self.streams[name].stall(stall.after)

    def _body(self, process: Process, values: dict[str, int]) -> Iterator[None]:
        """Return the body of a kernel's process."""
        call = Call.of(values, self.geometry.block)
        if self._faults.draw(NeverDone, kernel=process.name):
            return run.never()
        if process.name == "cordic_vectoring":
            seconds = self._timing.read_beat(process.clock)
            return run.vectoring(process, self.streams, call, seconds)
        if process.name == "cordic_rotation":
            return run.rotation(process, self.streams, call, self._packet(call.beats_out))
        compute = partial(self._compute, dict(values))
        return run.lut_mac(
            process, self.streams, call, values["beats"], compute, self._timing, self.geometry
        )

    def _packet(self, beats: int) -> run.Packet:
        """Return the packet of a block, as faults change it."""
        if beats and (short := self._faults.draw(ShortPacket)):
            beats = min(beats, short.beats)
        if beats and (over := self._faults.draw(Overrun)):
            beats += over.beats
        return run.Packet(beats, not (beats and self._faults.draw(NoLast)))

    def _compute(self, values: dict[str, int], inputs: Beats, codes: Beats) -> tuple[Beats, int]:
        """Compute a block with the compiled kernels; return also the digest of its codes."""
        self._board = self._board or Board(self.geometry)
        made, digests = self._board.run(
            np.ascontiguousarray(inputs),
            codes,
            frames=values["frames"],
            beats=values["beats"],
            bank=values["bank"],
            reset=bool(values["reset"]),
            raw_in=values["raw_in"],
            raw_out=values["raw_out"],
        )
        return made, digests.codes

    def _received(self, done: Done, process: Process) -> None:
        """Record the block's time: since its last start, the host could only wait."""
        if not process.stopped:
            self._timeline.waited(self._timeline.now - self._launched, self._kernel)
            self._kernel = 0.0
            done(process)
