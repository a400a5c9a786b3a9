"""The kernels' own C++ sources, compiled and called in this process."""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import code_stream, compiler, spec
from ..fixed import IntArray
from ..model import QuantizedModel
from ..pack import Beats

Int32 = npt.NDArray[np.int32]
_BEATS = ctypes.POINTER(ctypes.c_uint64)


class Block(ctypes.Structure):
    """`struct Block` of `hls/sim/board.cpp`."""

    _fields_ = (
        ("spectrum", _BEATS),
        ("spectrum_beats", ctypes.c_uint64),
        ("codes", _BEATS),
        ("code_beats", ctypes.c_uint64),
        ("enhanced", _BEATS),
        ("frames", ctypes.c_uint32),
        ("beats", ctypes.c_uint32),
        ("bank", ctypes.c_uint32),
        ("reset", ctypes.c_uint32),
        ("spectrum_digest", ctypes.c_uint32),
        ("codes_digest", ctypes.c_uint32),
        ("enhanced_digest", ctypes.c_uint32),
    )


class Digests(NamedTuple):
    """What the kernels read back: digests of the streams to and from the memory."""

    spectrum: int
    codes: int  # 0: the kernel refused them
    enhanced: int


class Board:
    """The three kernels between two DMAs, in simulation.

    The kernels keep their state as hardware does, in static memories, so each board loads a copy
    of the library of its own.

    Raises
    ------
    FileNotFoundError
        There is no C++ compiler.
    RuntimeError
        The kernels do not compile.
    """

    def __init__(self) -> None:
        built = compiler.library()
        with tempfile.TemporaryDirectory(prefix="nibblestream-") as folder:
            self._library = ctypes.CDLL(str(shutil.copy(built, Path(folder))))

    def run(
        self,
        spectrum: Beats,
        codes: Beats,
        *,
        frames: int,
        beats: int,
        bank: int,
        reset: bool,
    ) -> tuple[Beats, Digests]:
        """Run one block.

        Parameters
        ----------
        spectrum, codes : uint64, shape (n,)
            What DMA 0 and DMA 1 send; layouts in `spec`.
        frames, beats, bank, reset
            The registers, as `hls/kernels/kernels.hpp` tells.

        Returns
        -------
        enhanced : uint64, shape (frames * 129,)
        digests : Digests

        Raises
        ------
        RuntimeError
            A deadlock; the streams that are waited for are named.
        """
        enhanced = np.zeros(frames * spec.BINS, np.uint64)
        arrays = [np.ascontiguousarray(array) for array in (spectrum, codes)]
        block = Block(
            *_sized(arrays[0]), *_sized(arrays[1]), enhanced.ctypes.data_as(_BEATS),
            frames, beats, bank, reset,
        )  # fmt: skip
        error = ctypes.create_string_buffer(1024)
        if self._library.nibblestream_run(ctypes.byref(block), error, ctypes.sizeof(error)):
            raise RuntimeError(f"the kernels' simulation stopped: {error.value.decode()}")
        found = Digests(block.spectrum_digest, block.codes_digest, block.enhanced_digest)
        return enhanced, found


class CSimulation:
    """A quantized model on a simulated board.

    Parameters
    ----------
    model : QuantizedModel

    Raises
    ------
    FileNotFoundError
        There is no C++ compiler.
    RuntimeError
        The kernels do not compile.
    """

    def __init__(self, model: QuantizedModel) -> None:
        self._codes = code_stream.beats(model)
        self._digest = code_stream.digest(self._codes)
        self._block = model.block
        self._board = Board()
        self.reset()

    def reset(self) -> None:
        """Forget all previous frames."""
        self._bank, self._fresh = 0, True

    def process(self, spectrum: IntArray) -> Int32:
        """Enhance the next frames: int32 (frames, 129, 2) in `spec.SPECTRUM`, in and out."""
        blocks = range(0, len(spectrum), self._block)
        parts = [self._run(spectrum[at : at + self._block]) for at in blocks]
        return np.concatenate([np.empty((0, spec.BINS, 2), np.int32), *parts])

    def close(self) -> None:
        """Do nothing: the library is the process's until it ends."""

    def _run(self, spectrum: IntArray) -> Int32:
        enhanced, digests = self._board.run(
            np.ascontiguousarray(spectrum, "<i4").view("<u8").reshape(-1),
            self._codes,
            frames=len(spectrum),
            beats=len(self._codes),
            bank=self._bank,
            reset=self._fresh,
        )
        if digests.codes != self._digest:
            raise RuntimeError(
                f"lut_mac read codes with the digest {digests.codes:#x}; expected {self._digest:#x}"
            )
        self._bank, self._fresh = 1 - self._bank, False
        return enhanced.view("<i4").reshape(spectrum.shape).astype(np.int32)


def _sized(array: Beats) -> tuple[ctypes._Pointer[ctypes.c_uint64], int]:
    return array.ctypes.data_as(_BEATS), len(array)
