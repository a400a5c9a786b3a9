"""A block through the overlay by hand: what the pynq package alone makes of it, and no driver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pynq
from pynq import Overlay, allocate
from pynq.lib.dma import DMA

from nibblestream import QuantizedModel, spec
from nibblestream.backends import virtual
from nibblestream.network import code_stream

KERNELS = ("cordic_vectoring", "lut_mac", "cordic_rotation")
RESET = 1 << 2
# pynq 4 has given up Zynq-7000.
OLDEST = ["Pynq-Z2", "Pynq-Z1"] if int(pynq.__version__.split(".")[0]) < 4 else []
BOARDS = [*OLDEST, "KV260", "AUP-ZU3"]


class Client:
    """An overlay on a virtual board with a model's codes in its memory."""

    def __init__(
        self, device: virtual.VirtualDevice, model: QuantizedModel, *, cacheable: int = 1
    ) -> None:
        self.device = device
        self.overlay = Overlay(str(device.bitstream))
        self.cacheable = cacheable
        self.load(model)
        self.bank, self.fresh = 0, 1

    def load(self, model: QuantizedModel) -> None:
        """Put another model's codes into memory; rows that are no spectra lie there as beats."""
        self.rows, self.raw = model.rows, model.front.raw
        beats = code_stream.beats(model)
        self.codes = self._allocate(beats.shape, "u8")
        self.noisy, self.clean = (
            self._allocate((spec.MAX_BLOCK, rows.beats), "u8")
            if self.raw
            else self._allocate((spec.MAX_BLOCK, *rows.shape), "i4")
            for rows in model.rows
        )
        self.codes[:] = beats

    def _allocate(self, shape: tuple[int, ...], dtype: str) -> Any:
        return allocate(shape, dtype, cacheable=self.cacheable)

    def beats(self, frames: int) -> tuple[int, int]:
        """Beats of a block, in and out."""
        return frames * self.rows[0].beats, frames * self.rows[1].beats

    @property
    def spectra(self) -> DMA:
        return self.overlay.dma_spectra

    @property
    def code_dma(self) -> DMA:
        return self.overlay.dma_codes

    def kernel(self, name: str) -> Any:
        return getattr(self.overlay, name).register_map

    def configure(self, frames: int, beats: int | None = None) -> None:
        """Write the kernels' arguments."""
        for name in KERNELS:
            self.kernel(name).frames = frames
        registers = self.kernel("lut_mac")
        registers.beats = len(self.codes) if beats is None else beats
        registers.bank, registers.reset = self.bank, self.fresh
        self.configure_rows(*(self.beats(frames) if self.raw else (0, 0)))

    def configure_rows(self, raw_in: int, raw_out: int) -> None:
        """Write the beats of a block of rows, 0 for spectra."""
        self.kernel("cordic_vectoring").raw = self.kernel("lut_mac").raw_in = raw_in
        self.kernel("cordic_rotation").raw = self.kernel("lut_mac").raw_out = raw_out

    def start(self, *names: str) -> None:
        """Set ap_start."""
        for name in names or KERNELS:
            getattr(self.overlay, name).write(0, 1)

    def transfer(self, frames: int) -> None:
        """Start the three transfers of a block."""
        sent, received = (8 * beats for beats in self.beats(frames))
        self.spectra.recvchannel.transfer(self.clean, nbytes=received)
        self.spectra.sendchannel.transfer(self.noisy, nbytes=sent)
        self.code_dma.sendchannel.transfer(self.codes)

    def wait(self) -> None:
        """Wait as pynq does: without a deadline."""
        self.spectra.recvchannel.wait()
        self.spectra.sendchannel.wait()
        self.code_dma.sendchannel.wait()

    def begin(self, rows: np.ndarray) -> None:
        """Start all of a block."""
        frames = len(rows)
        packed = self.rows[0].pack(rows).reshape(frames, -1)
        self.noisy[:frames] = packed if self.raw else rows
        self.configure(frames)
        self.start()
        self.transfer(frames)

    def block(self, rows: np.ndarray) -> np.ndarray:
        """Run a block, and keep the state that it leaves."""
        self.begin(rows)
        self.wait()
        self.bank, self.fresh = 1 - self.bank, 0
        made = np.array(self.clean[: len(rows)])
        return self.rows[1].unpack(made.reshape(-1)) if self.raw else made

    def later(self, seconds: float = 0.1) -> None:
        """Let the board have all the time it may need."""
        self.device.timeline.sleep(seconds)

    def status(self, dma: str = "dma_spectra", channel: str = "s2mm") -> int:
        """Read DMASR."""
        return getattr(self.overlay, dma).read(0x34 if channel == "s2mm" else 0x04)

    def recover(self) -> None:
        """Reset the DMAs and the kernels, and make the channels anew."""
        for dma in (self.spectra, self.code_dma):
            dma.write(0x00, RESET)
        self.overlay.kernel_reset.write(0, 0)
        self.overlay.kernel_reset.write(0, 1)
        for dma in (self.spectra, self.code_dma):
            dma.set_up_tx_channel()
            dma.set_up_rx_channel()
