"""Timed runs of a network, block by block, with the traffic of all blocks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ...hardware.traffic import SPECTRA, Counted, LayerTraffic, RowTraffic, Traffic
from .clocks import BoardTime, Wall

if TYPE_CHECKING:
    from ...backends.virtual import Ledger

WARM_UP: Final = 3  # blocks, untimed: they fill caches and set the state that persists
FEWEST: Final = 20  # timed blocks at least, however long they take


class Machine(Protocol):
    """A `Backend`, a `NumpyFloat32` or a `FloatNetwork`: it maps spectra to spectra, or rows."""

    def process(self, rows: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        """Return the outputs of the next frames or rows."""

    def counted(self) -> Counted | None:
        """Return the bytes transferred so far, or None without byte counters."""


@dataclass(frozen=True)
class Timed:
    """Timed blocks of one size.

    Parameters
    ----------
    frames : int
        Frames, or rows of a plain network, per block.
    laps : float64, shape (blocks,)
        Duration of each block in seconds.
    counted : Counted, optional
        Bytes transferred by all blocks.
    ledger : Ledger, optional
        Timing breakdown of all blocks.
    """

    frames: int
    laps: npt.NDArray[np.float64]
    counted: Counted | None
    ledger: Ledger | None


class Session:
    """A benchmark session: one network on one machine, timed by one clock.

    Parameters
    ----------
    machine : Machine
    clock : Wall or BoardTime
        Clock that times the blocks.
    """

    def __init__(self, machine: Machine, clock: Wall | BoardTime) -> None:
        self._machine, self._clock = machine, clock
        self._frames = self._passes = 0

    def time(self, block: npt.NDArray[Any], seconds: float) -> Timed:
        """Run one block repeatedly, for at least `seconds` by the host's clock."""
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

    def traffic(self, layers: Sequence[LayerTraffic], rows: RowTraffic = SPECTRA) -> Traffic:
        """Return the traffic of all blocks of this session, including the warm-up."""
        return Traffic(layers, self._frames, self._passes, self._machine.counted(), rows)

    def _run(self, block: npt.NDArray[Any]) -> float:
        start = self._clock.now()
        self._machine.process(block)
        spent = self._clock.now() - start
        self._frames += len(block)
        self._passes += 1
        return spent
