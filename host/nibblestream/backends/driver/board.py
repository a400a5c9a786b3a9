"""A model on a board: its buffers, the execution of blocks, and recovery from faults."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pynq import Device

from ...fixed import IntArray
from ...geometry import Geometry
from ...hardware import cycles
from ...hardware.ledger import LedgerError, reconcile
from ...hardware.traffic import (
    BEAT_BYTES,
    CODES,
    NOTHING,
    SPECTRA_IN,
    SPECTRA_OUT,
    Counted,
    layers_of,
    rows_of,
)
from ...network import code_stream
from ...network.fit import block_of
from ...network.model import QuantizedModel
from ...network.pack import Beats
from .deadline import Deadline
from .fault import BoardError
from .hardware import Hardware, Transfer
from .lock import BoardLock
from .memory import allocate
from .monitor import Monitor
from .overlay import find_bitstream, find_board, load

# A block's deadline is PATIENCE times its modelled clocks plus GRACE_SECONDS for everything that
# the model leaves out: a busy memory, a busy host.
PATIENCE, GRACE_SECONDS = 10.0, 2.0
ATTEMPTS: Final = 2


class Board:
    """The overlay, with a model's codes in memory.

    Parameters
    ----------
    model : QuantizedModel
    bitstream : Path, optional
        For the board in ``$BOARD``; the installed one if None.
    geometry : Geometry, optional
        The one that the kernels must have; any if None.

    Attributes
    ----------
    geometry : Geometry
        That of the kernels.

    Raises
    ------
    BoardError
        There is no board, no bitstream of this version or no memory, or the board is in use.
    """

    def __init__(
        self,
        model: QuantizedModel,
        bitstream: Path | None = None,
        geometry: Geometry | None = None,
    ) -> None:
        self._stack = ExitStack()
        self._turn = threading.Lock()
        self._owner = os.getpid()
        self._open = True
        self._clean = False  # whether the last block left everything idle
        self.counted = NOTHING  # bytes of all blocks that succeeded
        with ExitStack() as opening:
            opening.callback(self._stack.close)
            self._load(bitstream)
            self._check_geometry(geometry)
            self._allocate(model)
            opening.pop_all()

    def _load(self, bitstream: Path | None) -> None:
        self._board, self._device = find_board(), _active_device()
        self._lock = BoardLock(f"{self._board.name} {self._device.tag}")
        self._stack.callback(self._lock.release)
        path = find_bitstream(self._board, bitstream)
        self._overlay, self.geometry = load(path, self._board, self._device)
        self._hardware = Hardware(self._overlay, self.geometry.ports, self._device)
        self._monitor = Monitor(self._overlay.monitor.mmio, self.geometry.ports)

    def _check_geometry(self, wanted: Geometry | None) -> None:
        if wanted not in (None, self.geometry):
            raise BoardError(
                f"the bitstream's kernels have the geometry {self.geometry}; expected {wanted}: "
                f"build it with `make overlay BOARD={self._board.name} GEOMETRY={wanted}`"
            )

    def _allocate(self, model: QuantizedModel) -> None:
        ports, block = self.geometry.ports, block_of(model, self.geometry)
        beats = code_stream.beats(model, self.geometry)
        self._digest = code_stream.digest(beats)
        self._beats = beats.reshape(-1, ports).T  # those of each memory port
        self._rows, self._layout = rows_of(model), model.rows
        self._block_model = cycles.Block(
            layers_of(model, geometry=self.geometry), block, self._rows
        )
        self._codes = [self._buffer(len(beats)) for beats in self._beats]
        self._given, self._made = (self._buffer(block * rows.beats) for rows in model.rows)
        self._stack.callback(self._quiesce)  # before any buffer is freed
        self._upload()

    def _buffer(self, beats: int) -> Any:
        buffer = allocate(self._board, self._device, (beats,), "u8")
        self._stack.callback(buffer.freebuffer)
        return buffer

    def _upload(self) -> None:
        for buffer, beats in zip(self._codes, self._beats, strict=True):
            buffer[:] = beats
            buffer.flush()

    @property
    def block(self) -> int:
        """Maximum rows per block."""
        return self._block_model.frames

    def run(self, rows: IntArray, bank: int, reset: bool) -> npt.NDArray[np.int32]:
        """Run a block; after a fault, reset the hardware and try once more.

        Parameters
        ----------
        rows : int32, shape (n, ...)
            1 to `block` rows in the first of `model.rows`: for speech, frames (n, 129, 2) in
            `spec.SPECTRUM`; otherwise inputs (n, inputs) in the first layer's format.
        bank : int
            The bank with the state before the block.
        reset : bool
            Whether to take that state as empty.

        Returns
        -------
        int32, shape (n, ...)
            In the second of `model.rows`.

        Raises
        ------
        BoardError
            The block failed twice (the next call starts with a reset), the board was closed, or
            another overlay was loaded.
        LedgerError
            The byte counts differed twice.
        """
        with self._turn:
            self._check_usable()
            sent = self._layout[0].pack(rows)
            self._given[: len(sent)] = sent
            for _ in range(ATTEMPTS - 1):
                with suppress(BoardError, LedgerError):
                    return self._attempt(len(rows), bank, reset)
            return self._attempt(len(rows), bank, reset)

    def close(self) -> None:
        """Free the memory and the board; in a forked process do nothing."""
        if os.getpid() == self._owner:
            with self._turn:
                self._open = False
                self._stack.close()

    def _check_usable(self) -> None:
        if not self._open or os.getpid() != self._owner:
            raise BoardError("this board was closed, or belongs to another process: open it again")
        if not self._overlay.is_loaded():
            raise BoardError("another overlay was loaded: close this board and open it again")

    def _attempt(self, frames: int, bank: int, reset: bool) -> npt.NDArray[np.int32]:
        if not self._clean:
            self._hardware.recover()
            self._monitor.since()  # discards the bytes of the failed block
        self._clean = False  # until the block has succeeded: an interrupt may end it anywhere
        given, made = frames * self._rows.beats_in, frames * self._rows.beats_out
        self._given.flush()
        self._made.flush()  # else a dirty cache line may overwrite the DMA's data
        self._hardware.start(
            Transfer(self._given, given * BEAT_BYTES),
            Transfer(self._made, made * BEAT_BYTES),
            [Transfer(buffer, buffer.nbytes) for buffer in self._codes],
            **self._arguments(frames, bank, reset),
        )
        received = self._hardware.wait(self._deadline(), self._rows.names)
        if received != made * BEAT_BYTES:
            raise BoardError(
                f"the packet of {self._rows.names[1]} had {received} bytes; "
                f"expected {made * BEAT_BYTES}",
                self._hardware.registers(),
            )
        self._book(frames, received)
        self._made.invalidate()
        beats = np.array(self._made[:made])
        self._check_digests(np.array(self._given[:given]), beats)
        self._clean = True
        return self._layout[1].unpack(beats)

    def _arguments(self, frames: int, bank: int, reset: bool) -> dict[str, int]:
        """Return the arguments of `lut_mac`."""
        words = {"frames": frames, "beats": self._beats.shape[1], "bank": bank, "reset": int(reset)}
        raw = frames * self._rows.raw
        return {**words, "raw_in": raw * self._rows.beats_in, "raw_out": raw * self._rows.beats_out}

    def _deadline(self) -> Deadline:
        clocks = self._block_model.cycles * PATIENCE
        return Deadline(GRACE_SECONDS + clocks / (self._board.clock_mhz * 1e6), self._device)

    def _book(self, frames: int, received: int) -> None:
        """Reconcile the block's bytes between model, DMA and hardware counters."""
        sent = {CODES: self._beats.nbytes, SPECTRA_IN: frames * self._rows.beats_in * BEAT_BYTES}
        counted = Counted({**sent, SPECTRA_OUT: received}, self._monitor.since())
        reconcile(self._block_model.layers, frames, counted, self._rows)
        self.counted += counted

    def _check_digests(self, given: Beats, made: Beats) -> None:
        """Compare the kernels' digests with those of the buffers, which detects wrong bits."""
        arrived, codes, left = self._hardware.digests()
        if codes != self._digest:
            self._upload()  # in case the codes in memory are wrong
            how = "were refused by lut_mac" if codes == 0 else "were not those of the model"
            raise BoardError(_damaged(f"the codes that arrived {how}", codes, self._digest))
        ways = (("to cordic_vectoring", arrived, given), ("from cordic_rotation", left, made))
        for name, (way, found, beats) in zip(self._rows.names, ways, strict=True):
            expected = code_stream.digest(beats)
            if found != expected:
                what = f"{name} on their way {way} were damaged"
                raise BoardError(_damaged(what, found, expected))

    def _quiesce(self) -> None:
        """Stop all DMA transfers before the buffers are freed."""
        if not self._clean and self._overlay.is_loaded():
            with suppress(BoardError):
                self._hardware.halt()


def _active_device() -> Any:
    try:
        return Device.active_device
    except RuntimeError as error:
        raise BoardError(f"pynq finds no board: {error}") from error


def _damaged(what: str, found: int, expected: int) -> str:
    return f"{what}: digest {found:#010x}, expected {expected:#010x}"
