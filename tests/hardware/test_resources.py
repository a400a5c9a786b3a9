"""The resource model: parts by hand, the whole against the boards."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream import QuantizedModel
from nibblestream.geometry import DEFAULT, Geometry
from nibblestream.hardware import fabric, resources
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.fabric import Resources
from nibblestream.hardware.resources.cordic import cordic_rotation, cordic_vectoring, polar_fifo
from nibblestream.hardware.resources.lut_mac import lut_mac
from nibblestream.hardware.resources.output import activation
from nibblestream.network import curve
from nibblestream.network.fit import block_of

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
    kernel = lut_mac(DEFAULT)
    assert DEFAULT.lanes * DEFAULT.frame_lanes == 128
    assert kernel.dsps == 128 + 8 + 4 + 2 + (16 + 2 + 1 + 1)
    assert kernel.bram18 == 128 + 8 + 3 + 1 + 2 + 6 + (16 + 2)


def test_an_activation():
    """A chord of 16 + 11 bits is wider than 18, so no two lanes share a table."""
    lane = activation(DEFAULT)
    assert (lane.dsps, lane.bram18) == (1, 1)
    assert fabric.block_memory(256, 27).bram18 == 1
    assert curve.STARTS.max() < 1 << 16
    assert curve.RISES.max() < 1 << 11


def test_the_other_kernels():
    """A length times the inverse gain takes four tiles, a magnitude two; a gain one."""
    assert cordic_vectoring().dsps == 4
    assert cordic_rotation().dsps == 2 + 1
    stages = 18 * (32 + 32 + 26)
    for kernel in (cordic_vectoring(), cordic_rotation()):
        assert kernel.bram18 == 0
        assert stages < kernel.flipflops < 2 * stages
    depths = [polar_fifo(Geometry(block=block)).bram18 for block in (8, 16, 32)]
    assert depths == [8, 16, 32]  # 2048, 4096, 8192 deep, of 9 bits each


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
    """A fifth of each resource is left, and `default` runs."""
    whole = astuple(resources.whole(board.geometry))
    for used, has in zip(whole, astuple(Resources.of(board)), strict=True):
        assert used <= 0.8 * has
    assert block_of(QuantizedModel.load("default"), board.geometry) > 1
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


# --- other geometries -----------------------------------------------------------------------------
def cost(text):
    return lut_mac(Geometry.parse(text))


def test_frame_lanes_and_lanes_by_hand():
    """A multiplier and a memory for each lane of each frame lane; a curve for each frame lane."""
    one, two = cost("16x1"), cost("16x2")
    assert (two.dsps - one.dsps, two.bram18 - one.bram18) == (16 + 1, 16 + 1)
    wide = cost("32x1")  # recurrent layers have 16 more multipliers too, and 128 bits of codes
    assert (wide.dsps - one.dsps, wide.bram18 - one.bram18) == (16 + 16, 16 + (2 * 15 - 16))
    assert wide.luts > one.luts + 2 * 64  # the second port's gearbox


def test_narrow_activations():
    """512 or 1024 words of 18 bits take a block RAM, 1024 of 25 two; the context three or two."""
    narrow, wide = cost("16x8-bits18-depth1024"), cost("16x8-depth1024")
    assert wide.bram18 - narrow.bram18 == 128 + (3 - 2)
    assert (narrow.dsps, cost("16x8").bram18) == (wide.dsps, wide.bram18 - 128)
    assert narrow.luts < wide.luts


def test_without_recurrent_layers():
    """No multipliers, curves, gate and step of theirs, and no codes that are kept."""
    without, some = cost("16x8-kept0"), cost("16x8")
    assert (some.dsps - without.dsps, some.bram18 - without.bram18) == (16 + 2 + 1 + 1, 16 + 2)
    assert some.bram18 - cost("16x8-kept512").bram18 == 16 - 2


def test_shorter_blocks_have_fewer_accumulators():
    """Of 48 bits, for each frame lane and group."""
    assert cost("16x8").flipflops - cost("16x8-block8").flipflops == 8 * 3 * 48
    assert cost("16x8-block16").luts - cost("16x8-block8").luts == 8 * 48  # one of two groups


def test_by_code():
    """Of 16 frame lanes: 2 multipliers of 36 x 18 bits each, 4 DSPs; 8 banks.

    Two requantisers have a curve each, memories two steps and two outputs; four check headers.
    Block RAMs: activations, curves, context, floors, biases, replayed codes, two of states.
    """
    kernel = cost("16x16-by-code-kept0")
    assert kernel.dsps == 16 * 4 + 2 + 2 * 2 + 2 * 2
    assert kernel.bram18 == 16 * 8 + 2 + 3 + 1 + 2 + 8 + 2 * 3
    short = cost("16x16-by-code-block16-kept0")  # one group: no codes are replayed
    assert kernel.bram18 - short.bram18 == 8


@given(st.sampled_from([16, 32]), st.sampled_from([1, 2, 4, 8]), st.booleans())
def test_more_frame_lanes_cost_more(lanes, frame_lanes, by_code):
    few, many = (lut_mac(Geometry(lanes, n, by_code)) for n in (frame_lanes, 2 * frame_lanes))
    assert all(a < b for a, b in zip(astuple(few)[1:], astuple(many)[1:], strict=True))
    assert few.dsps < many.dsps
