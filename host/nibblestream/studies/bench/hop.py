"""Latency of one live hop (64 samples) through a stream: STFT, network, inverse STFT."""

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

LEVEL = 0.1  # RMS of the noise used as input


class Live:
    """A stream as a `session.Machine` that processes samples instead of spectra.

    Parameters
    ----------
    backend : Backend
    window : int
        The model's window, in samples.
    """

    def __init__(self, backend: Backend, window: int) -> None:
        session = Session(Pool(lambda: FixedPoint(backend)))
        self._stream = Stream(session, window=window)

    def process(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Enhance the next samples (n,)."""
        return self._stream.process(samples)

    def counted(self) -> None:
        """Return None: only time is measured here."""


def figures(backend: Backend, window: int, seconds: float) -> dict[str, Figure]:
    """Measure the latency of a hop by the host's clock, for at least `seconds`.

    `window` is that of the backend's model, in samples.
    """
    noise = np.random.default_rng(0).normal(0, LEVEL, spec.HOP)
    laps = 1e3 * Run(Live(backend, window), Wall()).time(noise, seconds).laps
    quantiles = {HOP_P50: 0.5, HOP_P99: 0.99}
    return {
        name: Figure(float(np.quantile(laps, q)), "ms", Wall.kind) for name, q in quantiles.items()
    }
