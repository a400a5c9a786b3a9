"""The resource model: parts by hand, the whole against the boards."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream.geometry import DEFAULT
from nibblestream.hardware import fabric, resources
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.fabric import Resources
from nibblestream.network import curve

Z2 = BOARDS["Pynq-Z2"]


@pytest.mark.parametrize(
    ("depth", "width", "count"),
    [
        (512, 36, 1),
        (512, 37, 2),
        (513, 36, 2),  # two of 1024 x 18
        (512, 25, 1),  # an activation memory
        (1806, 25, 3),  # the context: three of 2048 x 9
        (258, 23, 1),  # the floors
        (512, 64, 2),  # the biases
        (256, 27, 1),  # the chords of sigmoid and tanh
        (8192, 65, 32),  # the FIFO: four deep, eight of 9 bits wide; or 33 of 2 bits
        (16384, 1, 1),
    ],
)
def test_block_memories_by_hand(depth, width, count):
    assert fabric.block_memory(depth, width) == Resources(bram18=count)


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [(25, 18, 1), (18, 25, 1), (26, 18, 2), (25, 19, 2), (32, 25, 4), (8, 8, 1)],
)
def test_multipliers_by_hand(a, b, count):
    assert fabric.multiplier(a, b) == Resources(dsps=count)


def test_selections_by_hand():
    """A LUT chooses one of four; 128 words: eight sixteenths of four LUTs, then two of eight."""
    assert fabric.select(4, 10) == Resources(luts=10)
    assert fabric.select(16, 10) == Resources(luts=40)
    assert fabric.select(128, 1) == Resources(luts=32 + 2)


def test_an_adder_tree_by_hand():
    """Of 16 products of 43 bits: eight sums of 44 in the DSPs, then 4 of 45, 2 of 46, 1 of 47."""
    bits = 4 * 45 + 2 * 46 + 47
    assert fabric.adder_tree(16, 43) == Resources(luts=bits, flipflops=bits)


@given(st.integers(1, 9000), st.integers(1, 200))
def test_a_memory_holds_its_bits_and_grows(depth, width):
    count = fabric.block_memory(depth, width).bram18
    assert count * 18 * 1024 >= depth * width
    assert count <= fabric.block_memory(depth + 1, width).bram18
    assert count <= fabric.block_memory(depth, width + 1).bram18


def test_lut_mac():
    """128 multipliers and activation memories; 8 for curves; 4 to check headers and beats of rows.

    Context, floors and biases take 3, 1 and 2 block RAMs; memories 2 multipliers and 6 block RAMs.
    A recurrent layer has 16 multipliers, 2 curves, a gate and a step, and 4096 beats of codes.
    """
    kernel = resources.lut_mac()
    assert DEFAULT.lanes * DEFAULT.frame_lanes == 128
    assert kernel.dsps == 128 + 8 + 4 + 2 + (16 + 2 + 1 + 1)
    assert kernel.bram18 == 128 + 8 + 3 + 1 + 2 + 6 + (16 + 2)


def test_an_activation():
    """A chord of 16 + 11 bits is wider than 18, so no two lanes share a table."""
    lane = resources.activation()
    assert (lane.dsps, lane.bram18) == (1, 1)
    assert fabric.block_memory(256, 27).bram18 == 1
    assert curve.STARTS.max() < 1 << 16
    assert curve.RISES.max() < 1 << 11


def test_the_other_kernels():
    """A length times the inverse gain takes four tiles, a magnitude two; a gain one."""
    assert resources.cordic_vectoring().dsps == 4
    assert resources.cordic_rotation().dsps == 2 + 1
    stages = 18 * (32 + 32 + 26)
    for kernel in (resources.cordic_vectoring(), resources.cordic_rotation()):
        assert kernel.bram18 == 0
        assert stages < kernel.flipflops < 2 * stages
    assert resources.polar_fifo().bram18 == 32


def test_sums_and_what_fits():
    two = Resources(1, 2, 3, 4) + Resources(1, 0, 0, 0)
    assert two == Resources(2, 2, 3, 4)
    assert 3 * two == Resources(6, 6, 9, 12)
    has = Resources.of(Z2)
    assert astuple(has) == (220, 280, 53_200, 106_400)
    assert has.fit(Z2)
    for more in (Resources(1), Resources(0, 1), Resources(0, 0, 1), Resources(0, 0, 0, 1)):
        assert not (has + more).fit(Z2)


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_the_design_fits_every_board_with_room(board):
    """HLS's own estimates run two to three times above such counts of LUTs; here 2.1 fit."""
    whole = sum(resources.design().values(), Resources())
    assert whole.fit(board)
    assert 2.1 * whole.luts <= board.luts
    assert resources.report(board).splitlines()[-2].startswith("it fits")


def test_the_report():
    lines = resources.report(Z2).splitlines()
    assert "model, not synthesised" in lines[0]
    assert max(map(len, lines)) <= 80
    counts = [[int(n.replace(",", "")) for n in line.split()[-4:]] for line in lines[1:-2]]
    assert [sum(column) for column in zip(*counts[:-2], strict=True)] == counts[-2]
    assert counts[-1] == [220, 280, 53_200, 106_400]
    assert lines[-2].split()[-4] == f"{counts[-2][0] / 220:.0%}"
    assert "not counted" in lines[-1]
    small = replace(Z2, dsps=100)
    assert resources.report(small).splitlines()[-2].startswith("it does not fit")
