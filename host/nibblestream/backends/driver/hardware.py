"""The overlay's cells at work on a block: kernels, transfers, the reset of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .deadline import Deadline
from .dma import MM2S, S2MM, Channel
from .fault import BoardError
from .kernel import KERNELS, Kernel


class Hardware:
    """The cells of a loaded overlay.

    Parameters
    ----------
    overlay : pynq.Overlay
    device : pynq Device
    """

    def __init__(self, overlay: Any, device: Any) -> None:
        self.kernels: list[Kernel] = [getattr(overlay, name) for name in KERNELS]
        self._reset_line = overlay.kernel_reset.mmio
        spectra, codes = overlay.dma_spectra.mmio, overlay.dma_codes.mmio
        self._send = Channel("dma_spectra", spectra, MM2S, device)
        self._receive = Channel("dma_spectra", spectra, S2MM, device)
        self._feed = Channel("dma_codes", codes, MM2S, device)
        self._channels = (self._receive, self._send, self._feed)

    def start(self, noisy: Any, enhanced: Any, codes: Any, size: int, **arguments: int) -> None:
        """Start the kernels and the three transfers: `size` bytes of spectra each way, all codes.

        `arguments` are `lut_mac`'s; `frames` is the argument of all three kernels.
        """
        for kernel in self.kernels:
            kernel.set(frames=arguments["frames"])
        self.kernels[KERNELS.index("lut_mac")].set(**arguments)
        for kernel in self.kernels:
            kernel.begin()
        self._receive.start(enhanced.device_address, size)
        self._send.start(noisy.device_address, size)
        self._feed.start(codes.device_address, codes.nbytes)

    def wait(self, deadline: Deadline) -> int:
        """Wait for all transfers, and return the bytes of enhanced spectra that came.

        Raises
        ------
        BoardError
            A transfer ended in an error, or has not ended when the deadline passes.
        """
        # The last to end is looked at first; the others only tell of errors until then.
        if not deadline.until(lambda: all(channel.idle() for channel in self._channels)):
            late = [_told(channel) for channel in self._channels if not channel.idle()]
            raise BoardError(
                f"a block was not done within {deadline.seconds:.2f} s: "
                f"{', '.join(late) or 'all is idle by now'}",
                self.registers(),
            )
        return self._receive.moved()

    def digests(self) -> Sequence[int]:
        """Return what the kernels read back, in the order of `KERNELS`."""
        return [kernel.result("digest") for kernel in self.kernels]

    def recover(self) -> None:
        """Reset kernels, FIFO and DMAs, whatever they were doing, and set the DMAs running."""
        self.halt()
        for channel in self._channels:
            channel.run()

    def halt(self) -> None:
        """Reset kernels, FIFO and DMAs: no memory is read or written from now on.

        The kernels stay in reset meanwhile, so that nothing old is in their streams afterwards.
        """
        self._reset_line.write(0, 0)
        self._send.reset()  # of both channels of this DMA
        self._feed.reset()
        self._reset_line.write(0, 1)
        for kernel in self.kernels:
            kernel.forget()

    def registers(self) -> dict[str, int]:
        """Return the registers that tell what happened."""
        found = {f"{kernel.name} CTRL": kernel.control() for kernel in self.kernels}
        for channel in self._channels:
            found.update(channel.registers())
        return found


def _told(channel: Channel) -> str:
    if channel.receives:
        return "cordic_rotation has not given all enhanced spectra"
    if channel.name == "dma_codes":
        return "lut_mac has not taken all codes"
    return "cordic_vectoring has not taken all spectra"
