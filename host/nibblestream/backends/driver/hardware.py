"""The overlay's kernels and DMA channels: start, wait and reset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .deadline import Deadline
from .dma import MM2S, S2MM, Channel
from .fault import BoardError
from .kernel import KERNELS, Kernel

CODE_DMAS = ("dma_codes", "dma_codes_high")  # one for each memory port


class Transfer(NamedTuple):
    """A DMA transfer: a buffer of `pynq.allocate`, and how many bytes of it."""

    buffer: Any
    size: int


class Hardware:
    """The cells of a loaded overlay.

    Parameters
    ----------
    overlay : pynq.Overlay
    ports : int
        Memory ports of the codes.
    device : pynq Device
    """

    def __init__(self, overlay: Any, ports: int, device: Any) -> None:
        self.kernels: list[Kernel] = [getattr(overlay, name) for name in KERNELS]
        self._reset_line = overlay.kernel_reset.mmio
        spectra = overlay.dma_spectra.mmio
        self._send = Channel("dma_spectra", spectra, MM2S, device)
        self._receive = Channel("dma_spectra", spectra, S2MM, device)
        self._feeds = [
            Channel(name, getattr(overlay, name).mmio, MM2S, device) for name in CODE_DMAS[:ports]
        ]
        self._channels = (self._receive, self._send, *self._feeds)

    def start(
        self, given: Transfer, made: Transfer, codes: Sequence[Transfer], **arguments: int
    ) -> None:
        """Start the kernels and the transfers: rows in, rows out, codes of each memory port.

        `arguments` are those of `lut_mac`, which include those of the other kernels.
        """
        vectoring, lut_mac, rotation = self.kernels
        frames = arguments["frames"]
        vectoring.set(frames=frames, raw=arguments["raw_in"])
        lut_mac.set(**arguments)
        rotation.set(frames=frames, raw=arguments["raw_out"])
        for kernel in self.kernels:
            kernel.begin()
        for channel, transfer in zip(self._channels, (made, given, *codes), strict=True):
            channel.start(transfer.buffer.device_address, transfer.size)

    def wait(self, deadline: Deadline, names: tuple[str, str]) -> int:
        """Wait for all transfers, and return the bytes received.

        Parameters
        ----------
        deadline : Deadline
        names : (str, str)
            Names of what goes in and of what comes out, for messages.

        Raises
        ------
        BoardError
            A transfer ended in an error, or did not end before the deadline.
        """
        # The receiving channel ends last, so it is polled first, and the others only after it.
        if not deadline.until(lambda: all(channel.idle() for channel in self._channels)):
            late = [
                _unfinished(channel, *names) for channel in self._channels if not channel.idle()
            ]
            raise BoardError(
                f"a block was not done within {deadline.seconds:.2f} s: "
                f"{', '.join(late) or 'all transfers have ended by now'}",
                self.registers(),
            )
        return self._receive.moved()

    def digests(self) -> Sequence[int]:
        """Return the digests that the kernels computed, in the order of `KERNELS`."""
        return [kernel.result("digest") for kernel in self.kernels]

    def recover(self) -> None:
        """Reset kernels, FIFO and DMAs, whatever their state, and let the DMAs run."""
        self.halt()
        for channel in self._channels:
            channel.run()

    def halt(self) -> None:
        """Reset kernels, FIFO and DMAs, so that no memory is read or written any more.

        The kernels stay in reset until the DMAs are reset, so that their streams are empty after.
        """
        self._reset_line.write(0, 0)
        self._send.reset()  # resets both channels of this DMA
        for feed in self._feeds:
            feed.reset()
        self._reset_line.write(0, 1)
        for kernel in self.kernels:
            kernel.forget()

    def registers(self) -> dict[str, int]:
        """Return the registers for error messages."""
        found = {f"{kernel.name} CTRL": kernel.control() for kernel in self.kernels}
        for channel in self._channels:
            found.update(channel.registers())
        return found


def _unfinished(channel: Channel, given: str, made: str) -> str:
    if channel.receives:
        return f"cordic_rotation has not given all {made}"
    if channel.name in CODE_DMAS:
        return "lut_mac has not taken all codes"
    return f"cordic_vectoring has not taken all {given}"
