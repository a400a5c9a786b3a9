"""Resource model of arithmetic and memories on a 7-series FPGA: estimated, not synthesised.

The primitives are 25 x 18-bit multipliers followed by an adder (DSP48E1), 18-Kbit block RAMs,
six-input look-up tables with carry chains, and flip-flops. Those of UltraScale+ are as good or
better. The tests compare the model with yosys, a free synthesiser, on the Verilog in hls/check: for
a frame lane, its activation and a CORDIC stage, DSPs and block RAMs are equal, flip-flops agree
within 5%, and LUTs within a quarter.
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
        return Resources(
            self.dsps + other.dsps,
            self.bram18 + other.bram18,
            self.luts + other.luts,
            self.flipflops + other.flipflops,
        )

    def __rmul__(self, count: int) -> Resources:
        return Resources(
            count * self.dsps, count * self.bram18, count * self.luts, count * self.flipflops
        )

    @classmethod
    def of(cls, board: Board) -> Resources:
        """Return the resources of a board's part."""
        return cls(*(getattr(board, field.name) for field in fields(cls)))

    def fit(self, board: Board, spare: float = 0.0) -> bool:
        """Return whether the board has enough of each, with a share of `spare` left over."""
        return max(self.shares(board)) <= 1 - spare

    def shares(self, board: Board) -> tuple[float, ...]:
        """Return the share of each of the board's resources."""
        return tuple(a / b for a, b in zip(astuple(self), astuple(self.of(board)), strict=True))


def multiplier(a: int, b: int) -> Resources:
    """Return the cost of a signed multiplier of `a` x `b` bits; its registers are in the DSPs.

    Besides the sign, a DSP takes 24 bits of the longer word and 17 of the shorter one.
    """
    return Resources(dsps=ceil((max(a, b) - 1) / 24) * ceil((min(a, b) - 1) / 17))


def block_memory(depth: int, width: int) -> Resources:
    """Return the cost of a memory with one read and one write port, in the best block RAM shape."""
    return Resources(bram18=min(ceil(depth / d) * ceil(width / w) for d, w in BRAM18_SHAPES))


def small_memory(width: int) -> Resources:
    """Return the cost of up to 32 words with the same ports: four LUTs (a RAM32M) per six bits."""
    return Resources(luts=4 * ceil(width / 6))


def adder(bits: int) -> Resources:
    """Return the cost of an adder or subtractor: per bit, a LUT in a carry chain and a register.

    One that adds or subtracts costs the same: the LUT negates the bit, the carry in adds one.
    """
    return Resources(luts=bits, flipflops=bits)


def logic(bits: int, luts_a_bit: float = 1) -> Resources:
    """Return the cost of a function of a few inputs for each bit."""
    return Resources(luts=ceil(bits * luts_a_bit))


def register(bits: int) -> Resources:
    """Return the cost of a register."""
    return Resources(flipflops=bits)


def delay(bits: int) -> Resources:
    """Return the cost of a delay of 2 to 32 clocks: a LUT per bit, as a shift register."""
    return Resources(luts=bits)


def select(inputs: int, bits: int) -> Resources:
    """Return the cost of a multiplexer of `inputs` words: 4:1 in one LUT per bit, 16:1 in four."""
    if inputs == 1:
        return Resources()
    chosen = logic(bits, ceil(inputs / 4))
    return chosen if inputs <= 16 else chosen + select(ceil(inputs / 16), bits)


def shifter(bits: int, distances: int) -> Resources:
    """Return the cost of a shift by any of `distances`: stages of 4:1 multiplexers, a register."""
    return logic(bits, ceil(log2(distances) / 2)) + register(bits)


def adder_tree(terms: int, bits: int) -> Resources:
    """Return the cost of adding products of `bits` bits; each level is registered and a bit wider.

    The first level is the adder behind every second multiplier, so it costs nothing more.
    """
    total = Resources()
    while (terms := terms // 2) > 1:
        bits += 1
        total += terms // 2 * adder(bits + 1)
    return total
