"""Sums of integer rows times a layer's weights: exact, by the float matrix products of a BLAS.

Whole numbers are exact in float32 within +-2**24 and in float64 within +-2**53, and so are sums
that stay within, in any order. Accumulators have at most 48 bits. Because nothing is rounded,
products may also be shared as only exact arithmetic allows: where rows are stacks of frames, which
overlap, `Stacked` takes two multiplications for three.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from ..fixed import Float, IntArray

Array = npt.NDArray[Any]

SINGLE: Final = 1 << 24  # largest sum of magnitudes that float32 represents with all below it
HALVINGS: Final = 2  # of stacks; with each, factors and sums get at most one bit more
FEWEST: Final = 16  # rows from which halving pays


class Product:
    """The products of rows by the parts of a matrix, plus a bias.

    Parameters
    ----------
    weights : whole numbers times powers of two, shape (parts, in, out)
    bias : the same, shape (parts, 1, out)
    single : bool
        Whether float32 is exact; see `is_single`.
    """

    def __init__(self, weights: Float, bias: Float, single: bool = False) -> None:
        self._matrices = np.ascontiguousarray(weights, np.float32 if single else np.float64)
        self._bias = bias
        self._stacked: dict[int, list[Stacked]] = {}

    def __call__(self, x: IntArray) -> Float:
        """Return the sums, float64 (parts, n, ..., out), of rows of whole numbers (n, ..., in)."""
        step = _step(x)
        if step and len(x) >= FEWEST:
            frames = _frames(x, step)
            sums = np.empty((len(self._bias), len(x), self._bias.shape[2]))
            for part, out in zip(self._of_stacks(step), sums, strict=True):
                part(frames, out)
        else:
            factors = x.reshape(x[..., 0].size, x.shape[-1]).astype(self._matrices.dtype)
            sums = np.matmul(factors, self._matrices).astype(np.float64, copy=False)
        sums += self._bias
        return sums.reshape(len(sums), *x.shape[:-1], sums.shape[-1])

    def _of_stacks(self, step: int) -> list[Stacked]:
        """Return what replaces the matrices for stacks of frames of `step` values."""
        if step not in self._stacked:
            taps = self._matrices.astype(np.float64)
            self._stacked[step] = [
                Stacked(part.reshape(-1, step, part.shape[1]), HALVINGS) for part in taps
            ]
        return self._stacked[step]


def is_single(weights: IntArray, largest: int) -> bool:
    """Return whether float32 has all sums of weights (out, in) times factors up to `largest`."""
    return int(np.abs(weights).sum(axis=1, dtype=np.int64).max()) * largest <= SINGLE


class Stacked:
    """Sums over stacks of frames: ``y[t] = sum(frames[t + j] @ taps[j])``.

    The sums of even and odd t share products: with the even and odd frames x0 and x1, the even
    frames x2 one later, and the even and odd taps a and b,

        even = a x0 + b x1 = (a + b) x1 + a (x0 - x1)
        odd  = a x1 + b x2 = (a + b) x1 + b (x2 - x1)

    are three sums over stacks of half as many frames, for half as many t, in place of four
    (Winograd, *Arithmetic complexity of computations*, 1980).

    Parameters
    ----------
    taps : float64, shape (stack, inputs, outputs)
        Whole numbers.
    halvings : int
        How often the stack is halved, if it can be.
    """

    def __init__(self, taps: Float, halvings: int) -> None:
        self._halves: list[Stacked] = []
        if halvings and len(taps) % 2 == 0:
            even, odd = taps[0::2], taps[1::2]
            self._halves = [Stacked(part, halvings - 1) for part in (even + odd, even, odd)]
        self._matrix = taps.reshape(-1, taps.shape[2])
        self._stack = len(taps)

    def __call__(self, frames: Float, out: Float) -> None:
        """Write the sums, float64 (n, outputs), over frames, float64 (n + stack - 1, inputs)."""
        if not self._halves:
            stacks = stacked(np.ascontiguousarray(frames), self._stack)
            np.matmul(np.ascontiguousarray(stacks), self._matrix, out=out)
            return
        if len(out) % 2:
            self(frames[:-1], out[:-1])
            np.matmul(frames[-self._stack :].reshape(-1), self._matrix, out=out[-1])
            return
        both, even, odd = self._halves
        x0, x1, x2 = frames[0:-2:2], frames[1::2], frames[2::2]
        shared = np.empty((len(out) // 2, out.shape[1]))
        both(x1, shared)
        even(x0 - x1, out[0::2])
        odd(x2 - x1, out[1::2])
        out[0::2] += shared
        out[1::2] += shared


def stacked(frames: Array, stack: int) -> Array:
    """Return stacks of frames, oldest first, (n, stack * inputs): a view of contiguous frames.

    `frames` have the shape (n + stack - 1, inputs).
    """
    shape = len(frames) - stack + 1, stack * frames.shape[1]
    return np.ndarray(shape, frames.dtype, frames, 0, frames.strides)


def _step(x: Array) -> int:
    """Return by how many values the rows of a stack are apart, 0 for rows that do not overlap."""
    if x.ndim != 2 or x.strides[1] != x.itemsize or not 0 < x.strides[0] < x.shape[1] * x.itemsize:
        return 0
    step = x.strides[0] // x.itemsize
    return step if x.shape[1] % step == 0 else 0


def _frames(x: Array, step: int) -> Float:
    """Return the frames of a stack, float64 (n + stack - 1, step)."""
    shape = len(x) + x.shape[1] // step - 1, step
    return as_strided(x, shape, (step * x.itemsize, x.itemsize)).astype(np.float64)
