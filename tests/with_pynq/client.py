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
        beats = code_stream.beats(model)
        shape = (spec.MAX_BLOCK, spec.BINS, 2)
        self.codes = allocate(beats.shape, "u8", cacheable=cacheable)
        self.noisy = allocate(shape, "i4", cacheable=cacheable)
        self.clean = allocate(shape, "i4", cacheable=cacheable)
        self.codes[:] = beats
        self.bank, self.fresh = 0, 1

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

    def start(self, *names: str) -> None:
        """Set ap_start."""
        for name in names or KERNELS:
            getattr(self.overlay, name).write(0, 1)

    def transfer(self, frames: int) -> None:
        """Start the three transfers of a block."""
        size = frames * spec.BINS * 8
        self.spectra.recvchannel.transfer(self.clean, nbytes=size)
        self.spectra.sendchannel.transfer(self.noisy, nbytes=size)
        self.code_dma.sendchannel.transfer(self.codes)

    def wait(self) -> None:
        """Wait as pynq does: without a deadline."""
        self.spectra.recvchannel.wait()
        self.spectra.sendchannel.wait()
        self.code_dma.sendchannel.wait()

    def begin(self, spectrum: np.ndarray) -> None:
        """Start all of a block."""
        frames = len(spectrum)
        self.noisy[:frames] = spectrum
        self.configure(frames)
        self.start()
        self.transfer(frames)

    def block(self, spectrum: np.ndarray) -> np.ndarray:
        """Enhance a block, and keep the state that it leaves."""
        self.begin(spectrum)
        self.wait()
        self.bank, self.fresh = 1 - self.bank, 0
        return np.array(self.clean[: len(spectrum)])

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
