"""Streams of live audio, enhanced chunk by chunk with state kept between calls."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..speech.band import BANDS, Narrow
from ..speech.resampler import LOBES
from ..speech.samples import from_float, to_float
from .session import Session

Float = npt.NDArray[np.float64]


class Stream:
    """Enhance mono audio chunk by chunk.

    The result does not depend on the chunk sizes: the concatenated outputs of `process` and
    `flush` equal what `Enhancer.enhance` returns for the concatenated chunks, bit for bit (float
    models: up to float64 rounding).

    A sample is output once all input that it depends on has arrived: at 8 kHz after the model's
    window, 128 samples (16 ms) or 256 (32 ms). At other rates the two resampling filters add 2.5 ms
    (below 8 kHz: 20 samples), in either band. See `latency`. As a context manager, a stream is
    closed on exit.

    Parameters
    ----------
    session : Session
        Owned by the stream, which begins and ends it.
    sample_rate : int
        In Hz.
    band : {"full", "narrow"}
        As for `Enhancer`.
    window : int
        The model's window, in samples at 8 kHz.
    """

    def __init__(
        self,
        session: Session,
        sample_rate: int = spec.SAMPLE_RATE,
        band: str = "full",
        window: int = spec.WINDOW,
    ) -> None:
        self._session = session
        self._window = window
        self._rate = sample_rate
        self._bands = BANDS[band] if sample_rate > spec.SAMPLE_RATE else Narrow
        self.reset()

    @property
    def latency(self) -> int:
        """The algorithmic latency in samples: at 8 kHz the model's window, 128 or 256.

        Sample n has been output once samples n to ``n + latency - 1`` have been input. A running
        stream thus holds back at most ``latency - 1`` samples, and at 8 kHz at least ``latency -
        64`` (exactly as many if all chunks are multiples of the hop, 64 samples).
        """
        filters = 0 if self._rate == spec.SAMPLE_RATE else 2 * LOBES
        lower = min(self._rate, spec.SAMPLE_RATE)
        ahead = (self._window - 1) * lower + filters * spec.SAMPLE_RATE  # in 1 / (8000 lower) s
        return 1 + self._rate * ahead // (spec.SAMPLE_RATE * lower)

    @property
    def ended(self) -> bool:
        """Whether the stream has ended; `reset` restarts it."""
        return bool(self._session.ended)

    def process(self, chunk: npt.ArrayLike) -> npt.NDArray[Any]:
        """Process the next samples; return the enhanced samples that are complete.

        Parameters
        ----------
        chunk : float or int16, shape (n,)
            Any number of samples, including none; clipped to full scale.

        Returns
        -------
        ndarray, shape (m,)
            In the chunk's dtype, within full scale.

        Raises
        ------
        RuntimeError
            The stream has ended.
        TypeError, ValueError
            The chunk's dtype or shape is wrong, or it is not finite.
        """
        self._check_open()
        samples, dtype = to_float(chunk, whole=False)
        if samples.ndim != 1:
            raise ValueError(f"found a chunk of shape {samples.shape}; expected (n,), mono")
        self._dtype = dtype
        self._owed += len(samples)
        return self._finish(self._guarded(lambda: self._band.process(samples)))

    def flush(self) -> npt.NDArray[Any]:
        """End the stream and return the samples held back, in the last chunk's dtype.

        They are fewer than `latency`. `reset` restarts the stream.
        """
        self._check_open()
        done = self._guarded(self._band.flush)
        self.close("it was flushed: reset it, or start another")
        return self._finish(done)

    def reset(self) -> None:
        """Restart with cleared state, even if the stream has ended.

        Raises
        ------
        RuntimeError
            The Enhancer is closed.
        """
        self._session.begin()
        self._band = self._bands(self._rate, self._session.process, self._window)
        self._owed = 0
        self._dtype = np.dtype(np.float64)

    def close(self, why: str = "it was closed: reset it, or start another") -> None:
        """End the stream and drop the samples held back; later calls fail with the first `why`."""
        self._session.end(why)

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._session.ended:
            raise RuntimeError(f"this stream has ended: {self._session.ended}")

    def _guarded(self, step: Callable[[], Float]) -> Float:
        try:
            return step()
        except BaseException:
            # The network's state is undefined now, so the stream cannot continue.
            self.close("a block failed: reset it, or start another")
            raise

    def _finish(self, samples: Float) -> npt.NDArray[Any]:
        done = samples[: self._owed]  # flushing the filters may yield one sample too many
        self._owed -= len(done)
        return from_float(done, self._dtype)
