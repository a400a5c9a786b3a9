"""A model on a board: its buffers, and blocks of spectra through the overlay, faults and all."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pynq
from pynq import Device

from .. import code_stream, cycles, spec
from ..fixed import IntArray
from ..model import QuantizedModel
from ..traffic import (
    CODES,
    FRAME_BYTES,
    NOTHING,
    SPECTRA_IN,
    SPECTRA_OUT,
    Counted,
    LedgerError,
    reconcile,
)
from .deadline import Deadline
from .dma import MM2S, S2MM, Channel
from .fault import BoardError
from .kernel import KERNELS, Kernel
from .lock import BoardLock
from .monitor import Monitor
from .overlay import find_bitstream, find_board, load

# A block may take this many times its modelled clocks, and this many seconds for everything that
# the model leaves out: a busy memory, a host that was doing something else.
PATIENCE, GRACE_SECONDS = 10.0, 0.25
ATTEMPTS: Final = 2


class Board:
    """The overlay with a model's codes in its memory.

    Parameters
    ----------
    model : QuantizedModel
    bitstream : Path, optional
        Of the board in ``$BOARD``; the installed one if None.

    Raises
    ------
    BoardError
        No board, no bitstream, another version, the board is in use, no memory.
    """

    def __init__(self, model: QuantizedModel, bitstream: Path | None = None) -> None:
        self._stack = ExitStack()
        with ExitStack() as opening:
            opening.callback(self._stack.close)
            self._open(model, bitstream)
            opening.pop_all()

    def _open(self, model: QuantizedModel, bitstream: Path | None) -> None:
        board, self._device = find_board(), _active_device()
        self._stack.callback(BoardLock(f"{board.name} {self._device.tag}").release)
        overlay = load(bitstream or find_bitstream(board), board, self._device)
        self._stack.callback(overlay.free)
        self._kernels: list[Kernel] = [getattr(overlay, name) for name in KERNELS]
        self._lut_mac: Kernel = overlay.lut_mac
        self._reset_line = overlay.kernel_reset.mmio
        self._monitor = Monitor(overlay.monitor.mmio)
        self._send = Channel("dma_spectra", overlay.dma_spectra.mmio, MM2S, self._device)
        self._receive = Channel("dma_spectra", overlay.dma_spectra.mmio, S2MM, self._device)
        self._feed = Channel("dma_codes", overlay.dma_codes.mmio, MM2S, self._device)
        self._channels = (self._receive, self._send, self._feed)
        self._block_model = cycles.Block(cycles.layers_of(model), model.block)
        self._clock_mhz = board.clock_mhz
        self._allocate(model)
        self.counted = NOTHING  # bytes of all blocks that came through
        self._clean = False  # whether the last block left everything idle

    def _allocate(self, model: QuantizedModel) -> None:
        self._beats = code_stream.beats(model)
        self._digest = code_stream.digest(self._beats)
        shape = (model.block, spec.BINS, 2)
        self._codes = self._buffer(self._beats.shape, "u8")
        self._noisy, self._enhanced = self._buffer(shape, "i4"), self._buffer(shape, "i4")
        self._upload()

    def _buffer(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Allocate memory that a DMA can reach: cached, so the driver synchronises it."""
        try:
            buffer = pynq.allocate(shape, dtype, target=self._device, cacheable=1)
        except (RuntimeError, MemoryError, OSError) as error:
            size = np.dtype(dtype).itemsize * int(np.prod(shape))
            raise BoardError(
                f"no {size:,} bytes of contiguous memory are left ({error}): free buffers of other "
                "overlays, or restart the board's other notebooks"
            ) from error
        self._stack.callback(buffer.freebuffer)
        return buffer

    def _upload(self) -> None:
        self._codes[:] = self._beats
        self._codes.flush()

    @property
    def block(self) -> int:
        """Most frames of a block."""
        return len(self._noisy)

    def run(self, spectrum: IntArray, bank: int, reset: bool) -> npt.NDArray[np.int32]:
        """Run a block; after a fault the hardware is reset and the block tried once more.

        Parameters
        ----------
        spectrum : int32, shape (frames, 129, 2)
            1 to `block` frames in `spec.SPECTRUM`.
        bank : int
            Where the state before the block is.
        reset : bool
            Take that state as empty.

        Raises
        ------
        BoardError
            It failed twice; the next call starts from a reset.
        """
        self._noisy[: len(spectrum)] = spectrum
        for attempt in range(1, ATTEMPTS + 1):
            if not self._clean:
                self._recover()
            self._clean = False  # until the block is through: an interrupt may end it anywhere
            try:
                enhanced = self._attempt(len(spectrum), bank, reset)
            except (BoardError, LedgerError):
                if attempt == ATTEMPTS:
                    raise
            else:
                self._clean = True
                return enhanced
        raise AssertionError("not reached")

    def close(self) -> None:
        """Free the memory and the board."""
        self._stack.close()

    def _attempt(self, frames: int, bank: int, reset: bool) -> npt.NDArray[np.int32]:
        size = frames * FRAME_BYTES
        self._noisy.flush()
        self._enhanced.flush()  # no line of it may be written back over what the DMA writes
        for kernel in self._kernels:
            kernel.set(frames=frames)
        self._lut_mac.set(beats=len(self._beats), bank=bank, reset=int(reset))
        for kernel in self._kernels:
            kernel.begin()
        self._receive.start(self._enhanced.device_address, size)
        self._send.start(self._noisy.device_address, size)
        self._feed.start(self._codes.device_address, self._codes.nbytes)
        self._wait(frames)
        moved = self._receive.moved()
        if moved != size:
            raise BoardError(
                f"the packet of enhanced spectra had {moved} bytes; expected {size}",
                self._registers(),
            )
        self._book(frames, moved)
        self._enhanced.invalidate()
        enhanced = np.array(self._enhanced[:frames])
        self._check_digests(self._noisy[:frames], enhanced)
        return enhanced

    def _book(self, frames: int, received: int) -> None:
        """Reconcile the block's bytes; what was counted before it was of a block that failed."""
        sent = {CODES: self._codes.nbytes, SPECTRA_IN: frames * FRAME_BYTES}
        counted = Counted({**sent, SPECTRA_OUT: received}, self._monitor.since())
        reconcile(self._block_model.layers, frames, counted)
        self.counted += counted

    def _wait(self, frames: int) -> None:
        clocks = self._block_model.cycles * PATIENCE
        deadline = Deadline(GRACE_SECONDS + clocks / (self._clock_mhz * 1e6), self._device)
        # The last to end is looked at first; the others only tell of errors until then.
        if not deadline.until(lambda: all(channel.idle() for channel in self._channels)):
            late = [channel for channel in self._channels if not channel.idle()]
            names = ", ".join(_told(channel, self._receive) for channel in late)
            raise BoardError(
                f"a block of {frames} frames was not done within {deadline.seconds:.2f} s: "
                f"{names or 'all channels are idle by now'}",
                self._registers(),
            )

    def _check_digests(self, noisy: IntArray, enhanced: IntArray) -> None:
        """Compare what the kernels saw with what lies in memory: a wrong bit shows here."""
        vectoring, lut_mac, rotation = self._kernels
        found = lut_mac.result("digest")
        if found != self._digest:
            self._upload()  # in case it is the memory that is wrong
            what = "were refused by lut_mac" if found == 0 else "were not those of the model"
            raise BoardError(
                f"the codes that arrived {what}: digest {found:#010x}, expected "
                f"{self._digest:#010x}"
            )
        for kernel, spectrum, what in (
            (vectoring, noisy, "spectra on their way to cordic_vectoring"),
            (rotation, enhanced, "enhanced spectra on their way from cordic_rotation"),
        ):
            found, expected = kernel.result("digest"), _digest(spectrum)
            if found != expected:
                raise BoardError(
                    f"{what} were damaged: digest {found:#010x}, expected {expected:#010x}"
                )

    def _recover(self) -> None:
        """Reset kernels, FIFO and DMAs, whatever they were doing."""
        self._reset_line.write(0, 0)
        self._send.reset()  # of both channels of this DMA
        self._receive.run()
        self._feed.reset()
        self._reset_line.write(0, 1)
        for kernel in self._kernels:
            kernel.forget()
        self._monitor.since()

    def _registers(self) -> dict[str, int]:
        found = {f"{kernel.name} CTRL": kernel.control() for kernel in self._kernels}
        for channel in self._channels:
            found.update(channel.registers())
        return found


def _active_device() -> Any:
    try:
        return Device.active_device
    except RuntimeError as error:
        raise BoardError(f"pynq finds no board: {error}") from error


def _told(channel: Channel, receive: Channel) -> str:
    if channel is receive:
        return "cordic_rotation has not given all enhanced spectra"
    taker = "lut_mac has not taken all codes"
    return taker if channel.name == "dma_codes" else "cordic_vectoring has not taken all spectra"


def _digest(spectrum: IntArray) -> int:
    return code_stream.digest(np.ascontiguousarray(spectrum, "<i4").view("<u8").reshape(-1))
