"""What arithmetic and memories take of a 7-series FPGA: a model, not a synthesis.

Multipliers of 25 x 18 bits with an adder behind (DSP48E1), memories of 18 Kbit, look-up tables of
six inputs with carry chains, flip-flops. UltraScale+ has as good or better. The tests compare it
with what a free synthesiser, yosys, makes of the Verilog in hls/check: DSPs and block RAMs are
equal; flip-flops are within 5%, LUTs within a quarter, of a frame lane and of a CORDIC stage.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from math import ceil, log2
from typing import Final

from .boards import Board

BRAM18_SHAPES: Final = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))


@dataclass(frozen=True)
class Resources:
    """Counts of multipliers, 18-Kbit memories, look-up tables and flip-flops."""

    dsps: int = 0
    bram18: int = 0
    luts: int = 0
    flipflops: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __rmul__(self, count: int) -> Resources:
        return Resources(*(count * a for a in astuple(self)))

    @classmethod
    def of(cls, board: Board) -> Resources:
        """Return what a board has."""
        return cls(*(getattr(board, field.name) for field in fields(cls)))

    def fit(self, board: Board) -> bool:
        """Return whether the board has as many of each."""
        return all(a <= b for a, b in zip(astuple(self), astuple(self.of(board)), strict=True))


def multiplier(a: int, b: int) -> Resources:
    """Return a product of signed words of `a` and `b` bits; its registers are inside.

    Beside its sign a tile takes 24 bits of the longer word and 17 of the shorter one.
    """
    return Resources(dsps=ceil((max(a, b) - 1) / 24) * ceil((min(a, b) - 1) / 17))


def block_memory(depth: int, width: int) -> Resources:
    """Return a memory with a port to read and one to write, in the best shape for it."""
    return Resources(bram18=min(ceil(depth / d) * ceil(width / w) for d, w in BRAM18_SHAPES))


def small_memory(width: int) -> Resources:
    """Return up to 32 words with the same ports: four LUTs (a RAM32M) hold six bits of each."""
    return Resources(luts=4 * ceil(width / 6))


def adder(bits: int) -> Resources:
    """Return a sum or difference: a LUT a bit before the carry chain, and a register."""
    return Resources(luts=bits, flipflops=bits)


def logic(bits: int, luts_a_bit: float = 1) -> Resources:
    """Return a function of a few inputs for each bit."""
    return Resources(luts=ceil(bits * luts_a_bit))


def register(bits: int) -> Resources:
    """Return a word kept."""
    return Resources(flipflops=bits)


def select(inputs: int, bits: int) -> Resources:
    """Return one of `inputs` words: a LUT chooses of four, four LUTs together of sixteen."""
    chosen = logic(bits, ceil(inputs / 4))
    return chosen if inputs <= 16 else chosen + select(ceil(inputs / 16), bits)


def shifter(bits: int, distances: int) -> Resources:
    """Return a word shifted by any of `distances`: stages that choose of four, and a register."""
    return logic(bits, ceil(log2(distances) / 2)) + register(bits)


def adder_tree(terms: int, bits: int) -> Resources:
    """Return a sum of products of `bits` bits, each level registered and a bit wider.

    The first level is the adder behind every second multiplier: it takes nothing more.
    """
    total = Resources()
    while (terms := terms // 2) > 1:
        bits += 1
        total += terms // 2 * adder(bits + 1)
    return total
