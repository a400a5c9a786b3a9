"""Stacks of frames: each frame with the frames before it, for networks without memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec

Array = npt.NDArray[Any]


class Context:
    """The last frames, which are stacked with the next ones; zeros at first.

    Parameters
    ----------
    frames : int
        Frames of a stack, 1 or more.
    dtype : dtype
    """

    def __init__(self, frames: int, dtype: npt.DTypeLike = np.int32) -> None:
        self._past: Array = np.zeros((frames - 1, spec.BINS), dtype)

    def stacked(self, frames: Array) -> Array:
        """Return each of the next frames (n, 129) with those before it, oldest first.

        The result, (n, frames * 129), may be a view whose rows overlap.
        """
        seen = np.concatenate([self._past, frames])
        width = len(self._past) + 1
        self._past = seen[len(frames) :]
        if not len(frames):
            return np.empty((0, width * spec.BINS), seen.dtype)
        windows = np.lib.stride_tricks.sliding_window_view(seen, width, axis=0)
        return windows.transpose(0, 2, 1).reshape(len(frames), width * spec.BINS)
