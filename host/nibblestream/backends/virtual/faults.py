"""Faults to inject into a virtual board, each a number of times or always."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Fault:
    """Base class of faults.

    Parameters
    ----------
    times : int or None
        How often the fault occurs; None for every time that it can.
    """

    times: int | None = 1


@dataclass(frozen=True)
class Stall(Fault):
    """A stream passes `after` more beats, then none until the kernels are reset.

    `stream` is a name of `wiring.STREAMS`. The fault occurs when the stream's source is started.
    """

    stream: str = "spectrum"
    after: int = 0


@dataclass(frozen=True)
class ShortPacket(Fault):
    """`cordic_rotation` sends only `beats` beats, the last one with TLAST."""

    beats: int = 1


@dataclass(frozen=True)
class Overrun(Fault):
    """`cordic_rotation` sends `beats` beats too many before TLAST."""

    beats: int = 1


@dataclass(frozen=True)
class NoLast(Fault):
    """`cordic_rotation` sends a whole block, but no TLAST."""


@dataclass(frozen=True)
class DmaError(Fault):
    """A transfer ends in an error of `kind` "internal", "slave" or "decode".

    PG021 fixes MM2S's bit for internal errors at 0 where there is no scatter-gather engine.
    """

    dma: str = "dma_spectra"
    channel: str = "mm2s"
    kind: str = "slave"


@dataclass(frozen=True)
class NeverDone(Fault):
    """A kernel starts, moves no beats, and is never done."""

    kernel: str = "lut_mac"


@dataclass(frozen=True)
class FlipBit(Fault):
    """A bit that a DMA is about to read, or has written, is inverted in memory, and stays so."""

    dma: str = "dma_codes"
    channel: str = "mm2s"
    bit: int = 0


@dataclass(frozen=True)
class WrongIdentity(Fault):
    """A kernel's identity register holds another value: a bitstream of another version."""

    times: int | None = None
    kernel: str = "lut_mac"
    value: int = 0


@dataclass(frozen=True)
class AllocationFailure(Fault):
    """No memory for DMA buffers is left."""


@dataclass(frozen=True)
class WrongClock(Fault):
    """The clock of the kernels has another frequency, whatever is written to its dividers."""

    times: int | None = None
    mhz: float = 50.0


@dataclass(frozen=True)
class Miscount(Fault):
    """The performance monitor counts `bytes` too many in a transfer; too few if negative."""

    slot: int = 0
    bytes: int = 8


Kind = TypeVar("Kind", bound=Fault)


class Faults:
    """The faults that are still to occur.

    Parameters
    ----------
    faults : iterable of Fault
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left: list[tuple[Fault, int | None]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        self._left.append((fault, fault.times))

    def clear(self) -> None:
        """Remove all faults."""
        self._left.clear()

    def draw(self, kind: type[Kind], **where: object) -> Kind | None:
        """Return the first fault of a kind whose fields equal `where`, and use it up once."""
        for i, (fault, left) in enumerate(self._left):
            if not isinstance(fault, kind) or left == 0:
                continue
            if all(getattr(fault, name) == value for name, value in where.items()):
                self._left[i] = (fault, None if left is None else left - 1)
                return fault
        return None
