"""The virtual board as a `pynq` Device, with modelled registers and memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pynq.pl_server.device import Device
from pynq.pl_server.embedded_device import Metadata, RuntimeMetadataParser

from ...hardware.boards import Board
from . import bitstream, handoff
from .clocks import Clocks
from .faults import Fault, Faults
from .hardware import BusError, Hardware
from .memory import Block, Memory
from .timeline import Timeline
from .timing import Timing

ARCHITECTURES: Final = {"zynq": "armv7l", "zynqmp": "aarch64"}
POOL_BASES: Final = {"zynq": 0x1680_0000, "zynqmp": 0x6000_0000}


class VirtualDevice(Device):  # type: ignore[misc]  # pynq has no types
    """A virtual board.

    Parameters
    ----------
    board : Board
    faults : iterable of Fault
        Faults to inject; see `faults`.
    timing : Timing

    Attributes
    ----------
    bitstream : Path
        The .bit for `pynq.Overlay`, if `board` was given a handoff.
    timeline : Timeline
        The board's clock, and a breakdown of its time.
    faults : Faults
    memory : Memory
    violations : list of str
        Errors of the driver that a real board may have tolerated.
    """

    def __init__(
        self, board: Board, faults: Iterable[Fault] = (), timing: Timing | None = None
    ) -> None:
        super().__init__(f"virtual {board.name} {uuid4().hex}")  # a unique tag
        self.capabilities = {"REGISTER_RW": True}
        self.arch = ARCHITECTURES[board.family]
        self.name = "edge"  # what XRT calls every embedded board
        self.board = board
        self.bitstream = Path()
        self.timestamp = self.bitfile_name = ""
        self.violations: list[str] = []
        self.timing = timing or Timing()
        self.timeline = Timeline(self.timing.access, self.timing.sync, self.timing.patience)
        self.faults = Faults(faults)
        self.clocks = Clocks(board.family, self.faults)
        note = self.violations.append
        self.memory = Memory(POOL_BASES[board.family], self.timeline, self.faults, note)
        self.memory.device = self
        self.hardware: Hardware | None = None

    # --- registers ---------------------------------------------------------------------------
    def read_registers(self, address: int, length: int) -> bytes:
        """Return the contents of registers, 32 bits each."""
        words = [self._read(address + at) for at in range(0, length, 4)]
        return b"".join(word.to_bytes(4, "little") for word in words)

    def write_registers(self, address: int, data: bytes) -> None:
        """Write registers, 32 bits each."""
        for at in range(0, len(data), 4):
            self._write(address + at, int.from_bytes(data[at : at + 4], "little"))

    def _read(self, address: int) -> int:
        self.timeline.read()
        if address in self.clocks:
            return self.clocks.read(address)
        registers, offset = self._configured(address).find(address)
        return registers.read(offset)

    def _write(self, address: int, value: int) -> None:
        self.timeline.write()
        if address in self.clocks:
            self.clocks.write(address, value)
            return
        registers, offset = self._configured(address).find(address)
        registers.write(offset, value)

    def _configured(self, address: int) -> Hardware:
        if self.hardware is None:
            raise BusError(f"address {address:#x} was accessed, but no bitstream is loaded")
        return self.hardware

    # --- memory ------------------------------------------------------------------------------
    @property
    def default_memory(self) -> Memory:
        """The memory that `pynq.allocate` takes buffers from."""
        return self.memory

    def get_memory(self, description: Any) -> Memory:
        """Return the only memory."""
        return self.memory

    def flush(self, block: Block, offset: int, address: int, size: int) -> None:
        """Write the CPU's view of a part of a buffer to memory."""
        self.memory.flush(block, offset, size)

    def invalidate(self, block: Block, offset: int, address: int, size: int) -> None:
        """Update the CPU's view of a part of a buffer from memory."""
        self.memory.invalidate(block, offset, size)

    # --- bitstreams ----------------------------------------------------------------------------
    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        """Return `pynq`'s metadata of the .hwh beside a .bit."""
        path = Path(bitfile_name).with_suffix(".hwh")
        if not path.is_file():
            raise RuntimeError("Unable to find metadata for bitstream")
        return RuntimeMetadataParser(Metadata(input=str(path)))

    def download(self, bitstream_: Any, parser: Any = None) -> None:
        """Configure the logic from a .bit, for `pynq.Overlay`."""
        geometry, text = bitstream.read(Path(bitstream_.bitfile_name))
        with tempfile.TemporaryDirectory(prefix="nibblestream-") as folder:
            path = Path(folder) / "loaded.hwh"
            path.write_bytes(text)
            ip_dict = RuntimeMetadataParser(Metadata(input=str(path))).ip_dict
            design = handoff.read(path, ip_dict)
        self.hardware = Hardware(
            design, geometry, self.memory, self.clocks, self.timeline, self.timing, self.faults,
            self.violations.append,
        )  # fmt: skip
        self.post_download(bitstream_, parser, self.name)

    def gen_cache(self, bitstream_: Any, parser: Any = None) -> None:
        """Do nothing: `pynq` keeps this cache in its own package."""

    def shutdown(self) -> None:
        """Do nothing: there is no FPGA manager."""

    def close(self) -> None:
        """Do nothing: `Overlay.free` of pynq 3.x calls it."""
