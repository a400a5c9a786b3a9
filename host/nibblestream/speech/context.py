"""Stacks of frames: each frame with the frames before it, for networks without memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.product import stacked

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
        width = len(self._past) + 1
        if width == 1:
            return frames
        seen = np.concatenate([self._past, frames])
        self._past = seen[len(frames) :]
        if not len(frames):
            return np.empty((0, width * spec.BINS), seen.dtype)
        return stacked(seen, width)
