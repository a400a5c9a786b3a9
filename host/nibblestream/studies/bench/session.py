"""A network at work, block after block: how long each takes, and what all of them moved."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ...hardware.traffic import Counted, LayerTraffic, Traffic
from .clocks import BoardTime, Wall

if TYPE_CHECKING:
    from ...backends.virtual import Ledger

WARM_UP: Final = 3  # blocks: the first ones fill caches, and set what then stays
FEWEST: Final = 20  # blocks that are timed, whatever it takes


class Machine(Protocol):
    """A `Backend` or a `NumpyFloat32`: spectra in, spectra out."""

    def process(self, spectrum: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Enhance the next frames."""

    def counted(self) -> Counted | None:
        """Return the bytes that moved so far, if something counts them."""


@dataclass(frozen=True)
class Timed:
    """Blocks of one size.

    Parameters
    ----------
    frames : int
        In a block.
    laps : float64, shape (blocks,)
        Seconds of each.
    counted : Counted, optional
        What they moved, all together.
    ledger : Ledger, optional
        Where their time went.
    """

    frames: int
    laps: npt.NDArray[np.float64]
    counted: Counted | None
    ledger: Ledger | None


class Session:
    """A network on one machine.

    Parameters
    ----------
    machine : Machine
    clock : Wall or BoardTime
        Whose time the blocks are timed in.
    """

    def __init__(self, machine: Machine, clock: Wall | BoardTime) -> None:
        self._machine, self._clock = machine, clock
        self._frames = self._passes = 0

    def time(self, block: npt.NDArray[Any], seconds: float) -> Timed:
        """Run one block again and again, for `seconds` of this machine's time."""
        for _ in range(WARM_UP):
            self._run(block)
        moved, ledger = self._machine.counted(), self._clock.ledger()
        laps: list[float] = []
        end = time.perf_counter() + seconds
        while len(laps) < FEWEST or time.perf_counter() < end:
            laps.append(self._run(block))
        after, later = self._machine.counted(), self._clock.ledger()
        return Timed(
            len(block),
            np.array(laps),
            after - moved if after and moved else None,
            later - ledger if later and ledger else None,
        )

    def traffic(self, layers: Sequence[LayerTraffic]) -> Traffic:
        """Return what all blocks of this session moved, those of the warm-up included."""
        return Traffic(layers, self._frames, self._passes, self._machine.counted())

    def _run(self, block: npt.NDArray[Any]) -> float:
        start = self._clock.now()
        self._machine.process(block)
        spent = self._clock.now() - start
        self._frames += len(block)
        self._passes += 1
        return spent
