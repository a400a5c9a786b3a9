"""A sample rate converted piece by piece, to the same bits as in one go (`audio.resample`)."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

LOBES = 10  # of the filter's sinc, on either side: SciPy's choice in `resample_poly`


class Resampler:
    """Resample mono audio; state is kept between calls.

    Each output is a sum over the inputs around it, so it is final once the last of those is in.
    SciPy's polyphase filter runs over the inputs still needed, cut where input and output meet,
    and what it says of the edges is left out.

    Parameters
    ----------
    rate, target : int
        In Hz.
    """

    def __init__(self, rate: int, target: int) -> None:
        common = gcd(rate, target)
        self._up, self._down = target // common, rate // common
        self._reach = LOBES * max(self._up, self._down)  # of the filter, in steps of 1 / up inputs
        self._inputs: Float = np.zeros(0)
        self._start = 0  # inputs before these, a multiple of down
        self._done = 0  # outputs

    def process(self, samples: Float) -> Float:
        """Take in samples (n,) and return those that are final."""
        if self._up == self._down:
            return samples
        self._inputs = np.concatenate([self._inputs, samples])
        return self._until(self._count() * self._up - self._reach)

    def flush(self) -> Float:
        """Return the rest, taking what follows as silence: n inputs became ceil(n up / down)."""
        return self._until(self._count() * self._up)

    def _count(self) -> int:
        return self._start + len(self._inputs)

    def _until(self, end: int) -> Float:
        """Return the outputs up to a time, in steps of 1 / up inputs."""
        first, last = self._done, -(-end // self._down)
        if last <= first:
            return np.zeros(0)
        from scipy.signal import resample_poly

        window = _window(max(self._up, self._down))
        outputs = resample_poly(self._inputs, self._up, self._down, window=window)
        before = self._start // self._down * self._up
        self._done = last
        self._forget()
        return np.asarray(outputs[first - before : last - before])

    def _forget(self) -> None:
        """Drop the inputs that no later output needs."""
        needed = max((self._done * self._down - self._reach) // self._up, 0)
        start = min(needed, self._count()) // self._down * self._down
        self._inputs = self._inputs[start - self._start :]
        self._start = start


@lru_cache(maxsize=4)
def _window(steps: int) -> Float:
    """Return the low-pass filter that `resample_poly` would design itself at each call."""
    from scipy.signal import firwin

    return np.asarray(firwin(2 * LOBES * steps + 1, 1 / steps, window=("kaiser", 5.0)))
