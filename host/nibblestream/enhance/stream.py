"""Live audio: samples in, as many samples out, state kept between calls."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..speech.overlap import Overlap
from ..speech.resampler import LOBES, Resampler
from ..speech.samples import from_float, to_float
from .session import Session

Float = npt.NDArray[np.float64]


class Stream:
    """Enhance mono audio chunk by chunk.

    How it is cut into chunks does not change a bit (with float models, rounding errors of
    float64 at most): the outputs of all `process` and of `flush`, one after the other, are what
    `Enhancer.enhance` returns for all the chunks in one.

    A sample comes out once all that it depends on is in: after 16 ms at 8 kHz, where 128 samples
    are under a window. Of the other rates, two filters take 2.5 ms more (rates below 8 kHz: 20
    samples in all). See `latency`. As a context manager, a stream is closed in the end.

    Parameters
    ----------
    session : Session
        Owned by the stream: begun and ended with it.
    sample_rate : int
        In Hz.
    """

    def __init__(
        self,
        session: Session,
        sample_rate: int = spec.SAMPLE_RATE,
    ) -> None:
        self._session = session
        self._rate = sample_rate
        self.reset()

    @property
    def latency(self) -> int:
        """The algorithmic latency in samples: 128 at 8 kHz, which is 16 ms.

        Sample n has come out once `latency` samples from it on, n itself the first of them, have
        gone in. So while a stream runs, it keeps back at most ``latency - 1`` samples; at 8 kHz
        at least 64 (after chunks of whole hops of 64 samples: exactly 64).
        """
        filters = 0 if self._rate == spec.SAMPLE_RATE else 2 * LOBES
        lower = min(self._rate, spec.SAMPLE_RATE)
        ahead = (spec.WINDOW - 1) * lower + filters * spec.SAMPLE_RATE  # in 1 / (8000 lower) s
        return 1 + self._rate * ahead // (spec.SAMPLE_RATE * lower)

    @property
    def ended(self) -> bool:
        """Whether nothing more is taken in, until a `reset`."""
        return bool(self._session.ended)

    def process(self, chunk: npt.ArrayLike) -> npt.NDArray[Any]:
        """Take in samples and return those that are done.

        Parameters
        ----------
        chunk : float or int16, shape (n,)
            Any number of samples, none included; beyond full scale they are clipped.

        Returns
        -------
        ndarray, shape (m,)
            In the chunk's dtype, within full scale.

        Raises
        ------
        RuntimeError
            The stream has ended.
        TypeError, ValueError
            The chunk is of another dtype or shape, or not finite.
        """
        self._check_open()
        samples, dtype = to_float(chunk, whole=False)
        if samples.ndim != 1:
            raise ValueError(f"found a chunk of shape {samples.shape}; expected (n,), mono")
        self._dtype = dtype
        self._owed += len(samples)
        return self._finish(self._enhance(self._down.process(samples)))

    def flush(self) -> npt.NDArray[Any]:
        """End the stream: return the samples still owed, in the last chunk's dtype.

        They are fewer than `latency`. Afterwards `reset` begins anew.
        """
        self._check_open()
        parts = [self._enhance(self._down.flush()), self._enhance(None), self._up.flush()]
        self.close("it was flushed: reset it, or start another")
        return self._finish(np.concatenate(parts))

    def reset(self) -> None:
        """Forget all that went in, and begin anew, even if the stream had ended.

        Raises
        ------
        RuntimeError
            The Enhancer was closed.
        """
        self._session.begin()
        self._core = Overlap(self._session.process)
        self._down = Resampler(self._rate, spec.SAMPLE_RATE)
        self._up = Resampler(spec.SAMPLE_RATE, self._rate)
        self._owed = 0
        self._dtype = np.dtype(np.float64)

    def close(self, why: str = "it was closed: reset it, or start another") -> None:
        """End the stream without what is still owed; later calls fail with the first `why`."""
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

    def _enhance(self, samples: Float | None) -> Float:
        """Bring the next samples at 8 kHz (None: what is left) through the network."""
        try:
            if samples is None:
                done = self._core.flush()
            else:
                done = self._core.process(np.clip(samples, -1, 1))  # a filter overshoots
        except BaseException:
            # How far the network's state has come is not known, so nothing right could follow.
            self.close("a block of it failed: reset it, or start another")
            raise
        return self._up.process(np.clip(done, -1, 1))

    def _finish(self, samples: Float) -> npt.NDArray[Any]:
        done = samples[: self._owed]  # flushed filters give up to a sample too many
        self._owed -= len(done)
        return from_float(done, self._dtype)
