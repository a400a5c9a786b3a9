"""The driver on virtual boards, block after block, with random faults.

    python tests/soak/driver.py [--blocks 100000] [--seconds S] [--seed N] [--json FILE]

Every block must be right to the bit, or be refused with a documented error within two deadlines,
and right when it is run again. Boards are opened and closed all along: no buffer may be left, and
resident memory must stay where it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
with warnings.catch_warnings():  # pynq's own: that this is no board, and of what it imports
    warnings.simplefilter("ignore")
    import pynq.lib  # noqa: F401

import numpy as np
from faulty import opening_fault, random_fault

from networks import random_spectrum, remembering
from nibblestream import QuantizedModel, quantize
from nibblestream.backends import virtual
from nibblestream.backends.driver.board import ATTEMPTS, GRACE_SECONDS, Board
from nibblestream.backends.driver.fault import BoardError
from nibblestream.backends.emu import Emulation
from nibblestream.backends.virtual.faults import Fault
from nibblestream.files.atomic import replacing
from nibblestream.fixed import IntArray
from nibblestream.hardware import boards
from nibblestream.hardware.handoff import handoff
from nibblestream.hardware.ledger import LedgerError
from nibblestream.network.activation import RELU, TANH
from nibblestream.network.memory import MEMORY
from plain_networks import plain_network, random_rows

BLOCKS = 200  # of a board, from its opening to its closing
ROWS = 3  # of a block, at most
FAULTY = 0.1  # share of blocks with faults, and of boards that are first refused
LATEST = ATTEMPTS * GRACE_SECONDS + 0.5  # board seconds for a block: two deadlines, and work
BOARDS = ("Pynq-Z2", "KV260")
WARM = 10  # boards until all modules are imported and all caches are full
GROWTH = 32 << 20  # bytes by which resident memory may differ after that


def networks(rng: np.random.Generator) -> list[QuantizedModel]:
    """Return small networks: rows, rows with a state, and spectra with a state."""
    rows = plain_network(rng, (9, 12, 5), (RELU, TANH))
    memory = plain_network(rng, (9, 5, 4), (MEMORY, RELU))
    return [quantize(rows), quantize(memory), quantize(remembering(rng, (4,)))]


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


class Soak:
    """Boards that come and go, and counts of what happened.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.rng = seed, np.random.default_rng(seed)
        self.models = networks(self.rng)
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.slowest = 0.0  # board seconds of a block
        self.memory: list[int] = []  # bytes resident after each board

    def board(self, blocks: int) -> None:
        """Run blocks on a board of its own, and check what it leaves."""
        model = self.models[int(self.rng.integers(len(self.models)))]
        found = boards.find(str(self.rng.choice(BOARDS)))
        with virtual.board(found.name, handoff(found)) as device:
            if self.rng.random() < FAULTY:
                self._refuse(model, device)
            with closing(Board(model, device.bitstream)) as board:
                self._stream(model, device, board, blocks)
            assert not device.memory.blocks, f"{len(device.memory.blocks)} buffers are left"
            assert not device.violations, device.violations
        self.counts["boards"] += 1
        self.memory.append(resident())

    def grown(self) -> int:
        """Return by how many bytes resident memory has grown since all was warm."""
        return max(self.memory) - self.memory[WARM] if self.memory[WARM:] else 0

    def _refuse(self, model: QuantizedModel, device: virtual.VirtualDevice) -> None:
        fault = opening_fault(self.rng)
        device.faults.add(fault)
        try:
            Board(model, device.bitstream).close()
        except BoardError:
            self.counts["boards_refused"] += 1
        else:
            raise AssertionError(f"a board with {fault} was opened")
        device.faults.clear()
        assert not device.memory.blocks, f"a board refused for {fault} left buffers"

    def _stream(
        self, model: QuantizedModel, device: virtual.VirtualDevice, board: Board, blocks: int
    ) -> None:
        emulation = Emulation(model)
        for at in range(blocks):
            count = int(self.rng.integers(1, ROWS + 1))
            rows = (random_rows(self.rng, model, count) if model.front.raw
                    else random_spectrum(self.rng, count))  # fmt: skip
            made = self._block(device, board, rows, at % 2, at == 0)
            np.testing.assert_array_equal(made, emulation.process(rows))

    def _block(
        self, device: virtual.VirtualDevice, board: Board, rows: IntArray, bank: int, reset: bool
    ) -> IntArray:
        """Run a block among faults; if it is refused, run it again without."""
        injected = self._inject(device)
        before, made = device.timeline.now, None
        with suppress(BoardError, LedgerError):
            made = board.run(rows, bank, reset)
        took = device.timeline.now - before
        hard = [fault.times for fault in injected] not in ([], [1])  # the driver tries twice
        assert hard or made is not None, f"a block was refused, with {injected}"
        assert took < LATEST, f"{took:.2f} s with {injected}"
        device.faults.clear()
        self.slowest = max(self.slowest, took)
        self.counts.update(blocks=1, faulty=int(bool(injected)), refused=int(made is None))
        return board.run(rows, bank, reset) if made is None else made

    def _inject(self, device: virtual.VirtualDevice) -> list[Fault]:
        if self.rng.random() >= FAULTY:
            return []
        injected = [random_fault(self.rng) for _ in range(int(self.rng.choice([1, 1, 2])))]
        for fault in injected:
            device.faults.add(fault)
            self.faults[type(fault).__name__] += 1
        return injected


def figures(soaked: Soak, seconds: float) -> dict[str, Any]:
    """Return what happened so far, and the command that repeats it."""
    blocks = soaked.counts["blocks"]
    return {
        "command": f"python tests/soak/driver.py --blocks {blocks} --seed {soaked.seed}",
        **soaked.counts,
        "faults": dict(sorted(soaked.faults.items())),
        "slowest_board_seconds": round(soaked.slowest, 3),
        "resident_megabytes": round(soaked.memory[-1] / 1e6, 1),
        "resident_growth_megabytes": round(soaked.grown() / 1e6, 1),
        "seconds": round(seconds, 1),
    }


def soak(blocks: int, seconds: float, seed: int, output: Path | None = None) -> dict[str, Any]:
    """Run blocks until there are enough, or time is over; keep the figures in a file."""
    began, soaked = time.monotonic(), Soak(seed)
    while soaked.counts["blocks"] < blocks and time.monotonic() - began < seconds:
        soaked.board(min(BLOCKS, blocks - soaked.counts["blocks"]))
        assert soaked.grown() < GROWTH, f"resident memory grew by {soaked.grown()} bytes"
        found = figures(soaked, time.monotonic() - began)
        if output is not None:
            with replacing(output) as temporary:
                temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Soak the driver on virtual boards.")
    options.add_argument("--blocks", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=float("inf"))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path, metavar="FILE", help="rewritten after each board")
    asked = options.parse_args()
    print(json.dumps(soak(asked.blocks, asked.seconds, asked.seed, asked.json), indent=1))
