"""Sample-rate conversion by a polyphase FIR filter, for whole signals and for streams.

Samples are rounded to 2^-23 and filter taps to 2^-25, so every product and every sum over a window
is exact in float64 while samples stay within +-8. The output is therefore bit-identical on every
machine, for any chunk sizes and any summation order of the BLAS.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

RATES: Final = (1000, 768_000)  # sample rates accepted, Hz
LOBES = 10  # lobes of the sinc on either side, as in SciPy's `resample_poly`
BETA = 5.0  # of the Kaiser window, as in `resample_poly`
SAMPLE = 2.0**23  # 1 / resolution of samples: 24-bit PCM is exact
TAP = 2.0**25  # 1 / resolution of filter taps
_ROW = 64  # minimum number of outputs per row of the matrix product
_MATRIX = 1 << 19  # maximum number of entries of the matrix


def resample(samples: Float, rate: int, target: int) -> Float:
    """Resample a mono signal: (n,) at `rate` Hz becomes (ceil(n target / rate),)."""
    resampler = Resampler(rate, target)
    return np.concatenate([resampler.process(samples), resampler.flush()])


def rounded(samples: Float) -> Float:
    """Round samples to 2^-23, the resolution of all that is resampled; 24-bit PCM is exact."""
    return np.asarray(np.round(samples * SAMPLE) / SAMPLE)


def checked_rate(sample_rate: int) -> int:
    """Return a sample rate in Hz as an int; TypeError or ValueError if it is not within `RATES`."""
    try:
        rate = operator.index(sample_rate)
    except TypeError:
        raise TypeError(
            f"the sample rate is {sample_rate!r}; expected an integer number of Hz"
        ) from None
    if isinstance(sample_rate, bool) or not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"the sample rate is {rate} Hz; expected {RATES[0]} to {RATES[1]} Hz")
    return rate


class Resampler:
    """Streaming resampler for mono audio; state is kept between calls.

    Each output is a weighted sum of the inputs within `LOBES` zero crossings of its time, and is
    returned once the last of them has arrived.

    Parameters
    ----------
    rate, target : int
        Input and output sample rates, in Hz.

    Raises
    ------
    TypeError, ValueError
        As `checked_rate` does.
    """

    def __init__(self, rate: int, target: int) -> None:
        common = gcd(checked_rate(rate), checked_rate(target))
        self._filter = _Polyphase(target // common, rate // common)
        self._start = self._filter.window(0)  # index of the first input kept; zeros before input 0
        self._inputs: Float = np.zeros(-self._start)
        self._done = 0  # outputs returned

    def process(self, samples: Float) -> Float:
        """Process samples (n,) and return the outputs that are complete."""
        if self._filter.up == self._filter.down:
            return samples
        self._inputs = np.concatenate([self._inputs, rounded(samples)])
        return self._until(self._count() * self._filter.up - self._filter.half)

    def flush(self) -> Float:
        """Return the remaining outputs, with zeros as further input.

        In total, n inputs give ceil(n up / down) outputs.
        """
        return self._until(self._count() * self._filter.up)

    def _count(self) -> int:
        return self._start + len(self._inputs)

    def _until(self, end: int) -> Float:
        """Return the outputs before time `end`, which is in units of 1 / up input samples."""
        first, last = self._done, -(-end // self._filter.down)
        if self._filter.up == self._filter.down or last <= first:
            return np.zeros(0)
        base = first // self._filter.period * self._filter.period
        inputs = self._inputs[self._filter.window(base) - self._start :]
        outputs = self._filter.apply(inputs, base, last - base)[first - base :]
        self._done = last
        self._forget()
        return outputs

    def _forget(self) -> None:
        """Discard the inputs that no later output needs."""
        period = self._filter.period
        start = min(self._filter.window(self._done // period * period), self._count())
        self._inputs = self._inputs[start - self._start :]
        self._start = start


class _Polyphase:
    """The polyphase filter for one ratio up / down.

    Output m is at time m down / up, in input samples; its taps are those of phase
    (m down + half) mod up. If the taps of all `up` phases fit a matrix, outputs are computed by a
    matrix product, whole periods of `up` outputs per row; otherwise, for example between 7999 and
    8000 Hz, the taps of each output are computed separately.
    """

    def __init__(self, up: int, down: int) -> None:
        self.up, self.down = up, down
        self.half = LOBES * max(up, down)  # half length of the filter, in 1 / up input samples
        self._taps = -(-(2 * self.half + 1) // up)  # inputs per window
        self._repeat = -(-_ROW // up)  # periods per row of the matrix
        self._width = self._repeat * down + self._taps
        self._periodic = self._width * self._repeat * up <= _MATRIX
        self.period = up if self._periodic else 1  # `apply` must start at a multiple

    def window(self, output: int) -> int:
        """Return the index of the first input in an output's window."""
        return (output * self.down + self.half) // self.up - self._taps + 1

    def apply(self, inputs: Float, first: int, count: int) -> Float:
        """Return `count` outputs, starting at output `first`.

        Parameters
        ----------
        inputs : float64, shape (n,)
            Inputs from the start of the first output's window; zeros are assumed after them.
        """
        if self._periodic:
            return self._by_periods(inputs, count)
        at = np.arange(first, first + count, dtype=np.int64) * self.down + self.half
        parts = np.array_split(at, -(-count * self._taps // _MATRIX))
        origin = self.window(first)
        return np.concatenate([self._one_by_one(inputs, part, origin) for part in parts])

    def _by_periods(self, inputs: Float, count: int) -> Float:
        matrix = _matrix(self.up, self.down, self._taps, self._repeat)
        rows, step = -(-count // matrix.shape[1]), self._repeat * self.down
        padded = _extended(inputs, (rows - 1) * step + len(matrix))
        windows = sliding_window_view(padded, len(matrix))[::step]
        return (np.ascontiguousarray(windows) @ matrix).reshape(-1)[:count]

    def _one_by_one(self, inputs: Float, at: Int, origin: int) -> Float:
        """Return the outputs at times `at`, in 1 / up input samples; `origin` indexes inputs[0]."""
        starts = at // self.up - self._taps + 1 - origin
        padded = _extended(inputs, int(starts[-1]) + self._taps)
        windows = sliding_window_view(padded, self._taps)[starts]
        taps = _taps(at % self.up, self.up, self.down, self._taps)
        return np.asarray(np.einsum("mt,mt->m", windows, taps))


def _extended(inputs: Float, length: int) -> Float:
    return np.append(inputs[:length], np.zeros(max(length - len(inputs), 0)))


@lru_cache(maxsize=4)
def _matrix(up: int, down: int, taps: int, repeat: int) -> Float:
    """Return the matrix (inputs, outputs) that maps the inputs of one row to its outputs."""
    at = np.arange(repeat * up, dtype=np.int64) * down + LOBES * max(up, down)
    starts = at // up - at[0] // up
    matrix = np.zeros((repeat * down + taps, repeat * up))
    for output, values in enumerate(_taps(at % up, up, down, taps)):
        matrix[starts[output] : starts[output] + taps, output] = values
    return matrix


def _taps(phases: Int, up: int, down: int, count: int) -> Float:
    """Return the taps of the given phases, shape (phases, count), in the order of the inputs."""
    steps = max(up, down)
    behind = np.arange(count - 1, -1, -1) * up
    taps = _kernel((phases[:, None] + behind - LOBES * steps) / steps) * (up * _scale(steps))
    return np.asarray(np.round(taps * TAP) / TAP)


@lru_cache(maxsize=4)
def _scale(steps: int) -> float:
    """Return the factor that makes all taps sum to 1; constant from 1000 steps per lobe on."""
    fine = min(steps, 1000)
    total = _kernel(np.arange(-LOBES * fine, LOBES * fine + 1) / fine).sum() / fine
    return 1 / (steps * float(total))


def _kernel(lobes: Float) -> Float:
    """Return the windowed sinc at distances in zero crossings; 0 outside the window."""
    inside = np.clip(1 - (lobes / LOBES) ** 2, 0, 1)
    window = np.i0(BETA * np.sqrt(inside)) / np.i0(BETA)
    return np.where(np.abs(lobes) > LOBES, 0.0, np.sinc(lobes) * window)
