"""Allocation of buffers that the DMAs can reach."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pynq

from ...hardware.boards import Board
from .fault import BoardError


def allocate(board: Board, device: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """Return a contiguous, cached buffer within the DMAs' addresses; the driver keeps it coherent.

    Raises
    ------
    BoardError
        No memory is left, or the buffer is beyond the DMAs' addresses.
    """
    size = np.dtype(dtype).itemsize * math.prod(shape)
    try:
        buffer = pynq.allocate(shape, dtype, target=device, cacheable=1)
    except (RuntimeError, MemoryError, OSError) as error:
        raise BoardError(
            f"no {size:,} bytes of contiguous memory are left ({error}): free buffers of other "
            "overlays, or restart the board's other notebooks"
        ) from error
    end = int(buffer.device_address) + size
    if end > board.dma_memory:
        buffer.freebuffer()
        raise BoardError(
            f"a buffer was allocated up to address {end:#x}, but the DMAs reach "
            f"{board.dma_memory:#x}: free buffers of other overlays, so that one fits below"
        )
    return buffer
