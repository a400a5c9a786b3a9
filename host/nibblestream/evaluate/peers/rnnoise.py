"""RNNoise (Valin 2018), as version 0.2 in pyrnnoise.

Its library is called with floats: pyrnnoise's own functions cut samples to 16 bits, which wraps
where the output exceeds them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pyrnnoise import rnnoise

from ..clip import Float
from .frames import by_frames

SCALE = 32768.0  # RNNoise's floats span 16-bit integers


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 48 kHz; see `Peer.open`."""
    with _state() as state:

        def process(frame: Float) -> Float:
            audio = (frame * SCALE).astype(np.float32)
            pointer = audio.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            rnnoise.lib.rnnoise_process_frame(state, pointer, pointer)
            return audio / SCALE

        return by_frames(samples, rnnoise.FRAME_SIZE, process)


@contextmanager
def _state() -> Iterator[int]:
    state = rnnoise.create()
    try:
        yield state
    finally:
        rnnoise.destroy(state)
