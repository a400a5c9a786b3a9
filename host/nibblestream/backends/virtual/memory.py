"""Model of physical memory, with separate views for the CPU (through its cache) and the DMAs.

A cacheable buffer is two arrays: data from the CPU reaches memory only by a flush, and data from a
DMA reaches the CPU only by an invalidation. On a board a missing flush or invalidation sometimes
has no effect, as cache lines are also evicted for other reasons; here it always has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pynq.buffer import PynqBuffer

from .faults import AllocationFailure, Faults
from .timeline import Timeline

Bytes = npt.NDArray[np.uint8]
PAGE: Final = 4096
MEMORY: Final = 512 << 20  # bytes of DDR that a DMA may address, from address 0 on
POOL: Final = 128 << 20  # of them for buffers, as in Linux's CMA on PYNQ images
POISON: Final = 0xDD  # what freed memory is filled with


class DecodeError(Exception):
    """A DMA's access ended in an error: "decode" or "slave"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Block:
    """An allocated buffer: the CPU's view and the memory's."""

    def __init__(self, address: int, cpu: Bytes, ddr: Bytes) -> None:
        self.address, self.cpu, self.ddr = address, cpu, ddr

    @property
    def end(self) -> int:
        """The first address after the buffer."""
        return self.address + len(self.ddr)


class Memory:
    """The memory of a board, from which `pynq.allocate` takes buffers.

    Parameters
    ----------
    base : int
        Physical address of the pool that buffers are taken from.
    size : int
        Size of the pool, in bytes.
    top : int
        The first address after the memory.
    timeline, faults : Timeline, Faults
    note : callable
        Is called with each error of the driver.
    """

    def __init__(
        self,
        base: int,
        timeline: Timeline,
        faults: Faults,
        note: Callable[[str], None],
        size: int = POOL,
        top: int = MEMORY,
    ) -> None:
        self.base_address, self.size, self._top = base, size, max(top, base + size)
        self._timeline, self._faults, self._note = timeline, faults, note
        self._ddr = np.zeros(size, np.uint8)  # pages are committed on first use
        self.blocks: list[Block] = []
        self.device: Any = None

    @property
    def mem_used(self) -> int:
        """Bytes allocated."""
        return sum(len(block.ddr) for block in self.blocks)

    def allocate(self, shape: Any, dtype: Any, cacheable: int = 0, **_: Any) -> PynqBuffer:
        """Return a buffer, like XRT's memories in `pynq`."""
        count = int(np.prod(shape, dtype=np.int64))
        block = self._find(max(count * np.dtype(dtype).itemsize, 1), bool(cacheable))
        buffer = PynqBuffer(
            shape,
            dtype,
            bo=block,
            device=self.device,
            buffer=block.cpu.data,
            device_address=block.address,
            coherent=False,
        )
        buffer.memory = self
        buffer.pointer, buffer.return_to = (block,), self
        buffer.freed = True  # return_pointer frees it; else a second freebuffer() calls munmap
        return buffer

    def return_pointer(self, pointer: tuple[Block]) -> None:
        """Free a buffer."""
        (block,) = pointer
        self.blocks.remove(block)
        block.cpu[:] = block.ddr[:] = POISON

    def flush(self, block: Block, offset: int, size: int) -> None:
        """Write the CPU's view of a part of a buffer to memory."""
        self._timeline.sync()
        block.ddr[offset : offset + size] = block.cpu[offset : offset + size]

    def invalidate(self, block: Block, offset: int, size: int) -> None:
        """Update the CPU's view of a part of a buffer from memory."""
        self._timeline.sync()
        block.cpu[offset : offset + size] = block.ddr[offset : offset + size]

    def fetch(self, address: int, size: int) -> Bytes:
        """Return the data that a DMA reads; raise DecodeError where there is no memory."""
        return self._window(address, size, "read").copy()

    def store(self, address: int, data: Bytes) -> None:
        """Store the data that a DMA writes; raise DecodeError where there is no memory."""
        self._window(address, len(data), "written")[:] = data

    def flip(self, address: int, bit: int) -> None:
        """Invert a bit of the memory."""
        self._window(address + bit // 8, 1, "flipped")[:] ^= 1 << bit % 8

    def _window(self, address: int, size: int, verb: str) -> Bytes:
        if address < 0 or address + size > self._top:
            raise DecodeError("decode")
        if not any(
            block.address <= address and address + size <= block.end for block in self.blocks
        ):
            self._note(f"{size} bytes at {address:#x} were {verb}, outside of any buffer")
        start = address - self.base_address
        if start < 0 or start + size > self.size:
            return np.zeros(size, np.uint8)  # memory outside the pool
        return self._ddr[start : start + size]

    def _find(self, size: int, cacheable: bool) -> Block:
        size = -(-size // PAGE) * PAGE
        at = self.base_address
        for block in sorted(self.blocks, key=lambda block: block.address):
            if at + size <= block.address:
                break
            at = block.end
        if at + size > self.base_address + self.size or self._faults.draw(AllocationFailure):
            raise RuntimeError(f"BO allocation failed: no {size} bytes are left")
        start = at - self.base_address
        ddr = self._ddr[start : start + size]
        ddr[:] = 0
        block = Block(at, np.zeros(size, np.uint8) if cacheable else ddr, ddr)
        self.blocks.append(block)
        return block
