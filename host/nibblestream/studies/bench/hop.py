"""A hop of live audio, 64 samples, through a stream: the STFT, the network and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ... import spec
from ...backends import Backend
from ...enhance.session import FixedPoint, Pool, Session
from ...enhance.stream import Stream
from .clocks import Wall
from .figures import HOP_P50, HOP_P99, Figure
from .session import Session as Run

LEVEL = 0.1  # of the noise that is enhanced


class Live:
    """A stream as a machine that takes samples.

    Parameters
    ----------
    backend : Backend
    """

    def __init__(self, backend: Backend) -> None:
        self._stream = Stream(Session(Pool(lambda: FixedPoint(backend), block=1)))

    def process(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Enhance the next samples (n,)."""
        return self._stream.process(samples)

    def counted(self) -> None:
        """Return None: this is about time."""


def figures(backend: Backend, seconds: float) -> dict[str, Figure]:
    """Return how long a hop takes, by this machine's clock, in at least `seconds` of its time."""
    noise = np.random.default_rng(0).normal(0, LEVEL, spec.HOP)
    laps = 1e3 * Run(Live(backend), Wall()).time(noise, seconds).laps
    quantiles = {HOP_P50: 0.5, HOP_P99: 0.99}
    return {
        name: Figure(float(np.quantile(laps, q)), "ms", Wall.kind) for name, q in quantiles.items()
    }
