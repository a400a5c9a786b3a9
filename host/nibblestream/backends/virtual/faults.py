"""What can go wrong on a board, to be injected: each fault a number of times, or always."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Fault:
    """Any fault.

    Parameters
    ----------
    times : int or None
        How often it strikes; None: whenever it can.
    """

    times: int | None = 1


@dataclass(frozen=True)
class Stall(Fault):
    """A stream passes `after` more beats, then none until the kernels are reset.

    `stream` is a name of `wiring.STREAMS`. It strikes when what feeds the stream is started.
    """

    stream: str = "spectrum"
    after: int = 0


@dataclass(frozen=True)
class ShortPacket(Fault):
    """`cordic_rotation` gives only so many beats, the last one with TLAST."""

    beats: int = 1


@dataclass(frozen=True)
class Overrun(Fault):
    """`cordic_rotation` gives so many beats too many before TLAST."""

    beats: int = 1


@dataclass(frozen=True)
class NoLast(Fault):
    """`cordic_rotation` gives a whole block, but no TLAST."""


@dataclass(frozen=True)
class DmaError(Fault):
    """A transfer ends in an error, `kind` being "internal", "slave" or "decode".

    PG021 fixes MM2S's bit for internal errors at 0 where there is no scatter-gather engine.
    """

    dma: str = "dma_spectra"
    channel: str = "mm2s"
    kind: str = "slave"


@dataclass(frozen=True)
class NeverDone(Fault):
    """A kernel takes the start, moves nothing, and is never done."""

    kernel: str = "lut_mac"


@dataclass(frozen=True)
class FlipBit(Fault):
    """A bit of what a DMA is about to read, or has written, is wrong in memory, and stays so."""

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
    """The memory for DMA is used up."""


@dataclass(frozen=True)
class WrongClock(Fault):
    """The clock of the kernels runs at another rate, whatever is written to its divisors."""

    times: int | None = None
    mhz: float = 50.0


@dataclass(frozen=True)
class Miscount(Fault):
    """The performance monitor counts so many bytes too many (or few) in a transfer."""

    slot: int = 0
    bytes: int = 8


Kind = TypeVar("Kind", bound=Fault)


class Faults:
    """The faults that are still to strike.

    Parameters
    ----------
    faults : iterable of Fault
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left: list[tuple[Fault, int | None]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Inject one more."""
        self._left.append((fault, fault.times))

    def clear(self) -> None:
        """Let none of them strike any more."""
        self._left.clear()

    def draw(self, kind: type[Kind], **where: object) -> Kind | None:
        """Return the first fault of a kind whose fields equal `where`, one strike used up."""
        for i, (fault, left) in enumerate(self._left):
            if not isinstance(fault, kind) or left == 0:
                continue
            if all(getattr(fault, name) == value for name, value in where.items()):
                self._left[i] = (fault, None if left is None else left - 1)
                return fault
        return None
