"""Backend `csim`: the kernels' C++ sources, compiled and called in this process."""

from __future__ import annotations

import _ctypes
import ctypes
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .. import spec
from ..fixed import IntArray
from ..geometry import DEFAULT, Geometry
from ..hardware import sources
from ..network import code_stream
from ..network.model import QuantizedModel
from ..network.pack import Beats
from . import compiler
from .blockwise import Blockwise, Int32

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
        ("raw_in", ctypes.c_uint32),
        ("raw_out", ctypes.c_uint32),
        ("spectrum_digest", ctypes.c_uint32),
        ("codes_digest", ctypes.c_uint32),
        ("enhanced_digest", ctypes.c_uint32),
    )


class Digests(NamedTuple):
    """Digests of the streams from and to memory, as the kernels computed them."""

    spectrum: int
    codes: int  # 0: lut_mac refused the stream
    enhanced: int


class Board:
    """A simulation of the three kernels between two DMAs.

    The kernels keep their state in static memories, as in hardware, so each board loads its own
    copy of the library.

    Raises
    ------
    FileNotFoundError
        There is no C++ compiler.
    RuntimeError
        The kernels do not compile.
    """

    def __init__(self, geometry: Geometry = DEFAULT) -> None:
        self._library = _private(compiler.library(geometry))
        self.close = weakref.finalize(self, _ctypes.dlclose, self._library._handle)

    def run(
        self,
        spectrum: Beats,
        codes: Beats,
        *,
        frames: int,
        beats: int,
        bank: int,
        reset: bool,
        raw_in: int = 0,
        raw_out: int = 0,
    ) -> tuple[Beats, Digests]:
        """Run one block.

        Parameters
        ----------
        spectrum, codes : uint64, shape (n,)
            Beats sent by DMA 0 and DMA 1, in the layouts of `spec`; with two memory ports, codes
            alternate between them.
        frames, beats, bank, reset, raw_in, raw_out
            Register values; see `hls/kernels/kernels.hpp`.

        Returns
        -------
        enhanced : uint64, shape (frames * 129,), or (raw_out,) for rows
        digests : Digests

        Raises
        ------
        RuntimeError
            The kernels deadlocked; the message names the streams that they wait for.
        ValueError
            `raw_in` and `raw_out` contradict each other: on a board, a kernel would wait for ever.
        """
        if (raw_in == 0) != (raw_out == 0):
            raise ValueError(
                f"raw_in is {raw_in} and raw_out {raw_out}; expected beats of both, for rows, or "
                "0 for both, for spectra"
            )
        enhanced = np.zeros(raw_out or frames * spec.BINS, np.uint64)
        arrays = [np.ascontiguousarray(array) for array in (spectrum, codes)]
        block = Block(
            *_sized(arrays[0]), *_sized(arrays[1]), enhanced.ctypes.data_as(_BEATS),
            frames, beats, bank, reset, raw_in, raw_out,
        )  # fmt: skip
        error = ctypes.create_string_buffer(1024)
        if self._library.nibblestream_run(ctypes.byref(block), error, ctypes.sizeof(error)):
            raise RuntimeError(f"the kernels' simulation stopped: {error.value.decode()}")
        found = Digests(block.spectrum_digest, block.codes_digest, block.enhanced_digest)
        return enhanced, found


class CSimulation(Blockwise):
    """A quantized model on a simulated board.

    Parameters
    ----------
    model : QuantizedModel
    geometry : Geometry

    Raises
    ------
    FileNotFoundError
        There is no C++ compiler.
    RuntimeError
        The kernels do not compile.
    ValueError
        The geometry cannot run the model.
    """

    def __init__(self, model: QuantizedModel, geometry: Geometry = DEFAULT) -> None:
        super().__init__(model, geometry)
        self._inputs, self._raw = model.rows[0], model.front.raw
        self._codes = code_stream.beats(model, geometry)
        self._ports = geometry.ports
        self._digest = code_stream.digest(self._codes)
        self._board = Board(geometry)

    def counted(self) -> None:
        """Return None: a simulation has no hardware counters."""

    def close(self) -> None:
        """Unload the library."""
        self._board.close()

    def run(self, rows: IntArray, bank: int, reset: bool) -> Int32:
        """Run one block."""
        sent, received = (len(rows) * layout.beats for layout in (self._inputs, self._outputs))
        outputs, digests = self._board.run(
            self._inputs.pack(rows),
            self._codes,
            frames=len(rows),
            beats=len(self._codes) // self._ports,
            bank=bank,
            reset=reset,
            raw_in=sent * self._raw,
            raw_out=received * self._raw,
        )
        if digests.codes != self._digest:
            raise RuntimeError(
                f"lut_mac read codes with the digest {digests.codes:#x}; expected {self._digest:#x}"
            )
        return self._outputs.unpack(outputs)


def _private(built: Path) -> ctypes.CDLL:
    """Load a private copy of the library, as the loader shares one that is loaded twice."""
    problem = None
    for place in (built.parent, None):  # beside it, where code may run; else in /tmp
        try:
            with tempfile.TemporaryDirectory(dir=place, prefix=sources.BUILDING) as folder:
                return ctypes.CDLL(str(shutil.copy(built, Path(folder))))
        except OSError as error:
            problem = error
    raise RuntimeError(
        f"a copy of {built} can be loaded neither beside it nor in a temporary folder: {problem}"
    )


def _sized(array: Beats) -> tuple[ctypes._Pointer[ctypes.c_uint64], int]:
    return array.ctypes.data_as(_BEATS), len(array)
