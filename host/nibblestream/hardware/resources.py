"""Resource model of the kernels, from the constants in `spec`: estimated, not synthesised.

The model counts multipliers, memories, adders, multiplexers and the registers behind them, in the
widths that `spec` gives. It does not count state machines, address registers, what HLS adds to meet
timing, or AMD's IPs in the design (DMAs, interconnect, performance monitor). The actual resources
of the kernels are in the report of Vitis HLS.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Final

from .. import spec
from ..geometry import DEFAULT
from .boards import Board
from .fabric import (
    Resources,
    adder,
    adder_tree,
    block_memory,
    delay,
    logic,
    multiplier,
    register,
    select,
    shifter,
    small_memory,
)

GROUPS: Final = (
    DEFAULT.block // DEFAULT.frame_lanes
)  # of frames; each group has its own accumulators
PRODUCT_BITS: Final = spec.ACTIVATION_BITS + spec.WEIGHT_BITS
SUM_BITS: Final = spec.ACCUMULATOR_BITS
LENGTH_BITS: Final = spec.SPECTRUM.bits + 2 + spec.CORDIC_GUARD  # inside the CORDIC
ANGLE_BITS: Final = spec.CORDIC_ANGLE_BITS + 2
VALUES: Final = spec.BEAT_BITS // spec.NARROW_VALUE_BITS  # most values in a beat of rows
LEVEL_BITS: Final = spec.FLOOR_FRAC + 7  # a log2 and a sign


# --- lut_mac ---------------------------------------------------------------------------------
def frame_lane() -> Resources:
    """Return the cost of one frame lane, from its activation memories to its outputs."""
    memories = DEFAULT.lanes * block_memory(DEFAULT.depth, spec.ACTIVATION_BITS)
    multipliers = DEFAULT.lanes * multiplier(spec.ACTIVATION_BITS, spec.WEIGHT_BITS)
    tree = adder_tree(DEFAULT.lanes, PRODUCT_BITS)
    sums = GROUPS * register(SUM_BITS) + select(GROUPS, SUM_BITS) + adder(SUM_BITS)
    rounded = adder(SUM_BITS) + shifter(SUM_BITS, SUM_BITS)
    return memories + multipliers + tree + sums + rounded + saturation()


def saturation() -> Resources:
    """Return the cost of limiting a sum: a LUT compares two bits; one limit, or zero, is chosen."""
    return logic(SUM_BITS, 0.5) + logic(spec.ACTIVATION_BITS) + register(spec.ACTIVATION_BITS)


def activation() -> Resources:
    """Return the cost of a frame lane's activations other than ReLU.

    A clip has two limits to compare with, a leaky ReLU another shift for negative sums. Sigmoid and
    tanh read a chord from a table of their own: two ports of a block RAM are not wide enough to
    share one.
    """
    word = spec.CURVE_INPUT_BITS + 1
    limit, distance = logic(SUM_BITS, 0.5), logic(spec.LAYER_BEAT["shift"].bits)
    chosen = logic(spec.ACTIVATION_BITS) + register(spec.ACTIVATION_BITS)
    aligned = shifter(word, word)
    return limit + distance + aligned + curve() + chosen + delay(spec.ACTIVATION_BITS)


def curve() -> Resources:
    """Return the cost of a sigmoid or tanh: a magnitude, a chord from a table, interpolation."""
    start, height = spec.CURVE.frac + 1, spec.CURVE.bits
    steps = spec.CURVE_INPUT_BITS - spec.CURVE_INDEX_BITS  # bits that interpolate on a chord
    chord = block_memory(1 << spec.CURVE_INDEX_BITS, start + steps + 1) + register(start + steps)
    product = multiplier(steps + 2, steps + 1) + adder(height)  # the adder rounds
    signed = adder(height) + logic(height + 1)  # of tanh; sigmoid is half of it and a half
    return adder(spec.CURVE_INPUT_BITS) + chord + product + signed


def memory() -> Resources:
    """Return the cost of layers with memory: two banks of states, a step, an output.

    A unit's three words come from any of the lanes of one frame.
    """
    states = block_memory(2 * spec.MAX_UNITS, spec.STATE.bits)
    frame = DEFAULT.lanes * select(DEFAULT.frame_lanes, spec.CURVE.bits)
    gathered = frame + 3 * select(DEFAULT.lanes, spec.CURVE.bits)
    shown = multiplier(spec.STATE.bits, spec.CURVE.bits) + adder(spec.STATE.bits + spec.CURVE.bits)
    return states + gathered + state_step() + shown


def state_step() -> Resources:
    """Return the cost of a step of a unit's state towards its candidate."""
    bits = spec.STATE.bits + spec.CURVE.bits + 1
    product = multiplier(spec.STATE.bits + 1, spec.CURVE.bits)
    return adder(spec.STATE.bits + 1) + product + 2 * adder(bits)  # one rounds


def recurrent() -> Resources:
    """Return the cost of recurrent layers: codes kept on chip, 16 multipliers, gates, a step.

    States are those of layers with memory. A unit's inputs come from any lane of one frame.
    """
    kept = block_memory(spec.RECURRENT_DEPTH, spec.BEAT_BITS)
    recent = DEFAULT.lanes * small_memory(spec.CURVE.bits)  # two banks of 13 words
    multipliers = DEFAULT.lanes * multiplier(spec.CURVE.bits, spec.WEIGHT_BITS)
    weights = decoding() + DEFAULT.lanes * register(spec.WEIGHT_BITS)
    tree = adder_tree(DEFAULT.lanes, spec.CURVE.bits + spec.WEIGHT_BITS)
    sums = aligned_bias() + 2 * adder(SUM_BITS)
    given = select(DEFAULT.lanes * DEFAULT.frame_lanes, spec.ACTIVATION_BITS)
    inputs = given + shifter(SUM_BITS, SUM_BITS)
    rounded = 2 * (rounding_constants() + adder(SUM_BITS) + shifter(SUM_BITS, SUM_BITS))
    reset = multiplier(spec.HIDDEN.bits, spec.CURVE.bits)
    reset += adder(spec.HIDDEN.bits + spec.CURVE.bits) + adder(SUM_BITS)  # rounds; adds the input
    gates = 2 * saturation() + 2 * curve() + reset + state_step() + 2 * register(spec.CURVE.bits)
    return kept + recent + multipliers + weights + tree + sums + inputs + rounded + gates


def table_copies() -> Resources:
    """Return the cost of a decoded table per lane, as all are read at once, and of the weights."""
    return DEFAULT.lanes * (small_memory(spec.WEIGHT_BITS) + register(spec.WEIGHT_BITS))


def rounding_constants() -> Resources:
    """Return the cost of the rounding constants for a layer's shift: half a step, and one less."""
    return 2 * (logic(SUM_BITS) + register(SUM_BITS))


def writing() -> Resources:
    """Return the cost of a frame lane's write port: address, data and write enables.

    All lanes get the same feature or output, but those next to each other different values of rows.
    """
    address = (DEFAULT.depth - 1).bit_length()
    found = 4 * adder(address + 2)  # position * 129 + bin; times groups (2 adders); plus the base
    word = address + VALUES * spec.ACTIVATION_BITS
    return found + logic(word) + register(word) + logic(DEFAULT.lanes)  # a write enable per lane


def digest() -> Resources:
    """Return the cost of a stream's digest."""
    return logic(spec.BEAT_BITS) + register(spec.BEAT_BITS)


def decoding() -> Resources:
    """Return the cost of decoding beats into weights."""
    gearbox = 2 * shifter(spec.BEAT_BITS, 4)
    code = select(3, 4)  # codes of 2, 3 or 4 bits
    weight = logic(spec.WEIGHT_BITS)  # the table's, an 8-bit code, or zero
    beyond = logic(spec.MAX_WIDTH.bit_length(), 0.5)  # whether the lane is beyond the row's end
    return gearbox + DEFAULT.lanes * (code + weight + beyond)


def biases() -> Resources:
    """Return the cost of the bias memory, and of a bias for all lanes."""
    words = spec.MAX_WIDTH * spec.WIDE_BIAS_BITS // spec.BEAT_BITS
    return block_memory(words, spec.BEAT_BITS) + aligned_bias()


def aligned_bias() -> Resources:
    """Return the cost of a bias on the accumulator's grid, from a beat of narrow or wide ones."""
    narrow, wide = (spec.BEAT_BITS // bits for bits in (spec.BIAS.bits, spec.WIDE_BIAS_BITS))
    chosen = select(narrow, spec.BIAS.bits) + select(wide, spec.WIDE_BIAS_BITS)
    return chosen + logic(spec.WIDE_BIAS_BITS) + shifter(SUM_BITS, SUM_BITS)


def features() -> Resources:
    """Return the cost of the features: two banks of context and floors, log2, floor tracking."""
    context = block_memory(2 * (spec.CONTEXT - 1) * spec.BINS, spec.ACTIVATION_BITS)
    floors = block_memory(2 * spec.BINS, LEVEL_BITS)
    value = spec.MAGNITUDE.bits + 1
    table = logic(spec.LOG2_FRAC)  # 64 entries: a LUT per bit
    log = adder(value) + logic(value) + shifter(value, value) + table  # logic: the leading one
    followed = 4 * adder(LEVEL_BITS) + logic(LEVEL_BITS)  # difference, two roundings, sum; select
    feature = 2 * adder(LEVEL_BITS) + logic(spec.FEATURE.bits, 2)
    return context + floors + log + followed + feature


def rows() -> Resources:
    """Return the cost of unpacking the values of a beat of rows, and of two outputs into a beat."""
    unpacked = VALUES * (logic(spec.ACTIVATION_BITS) + register(spec.ACTIVATION_BITS))
    outputs = spec.BEAT_BITS // spec.WIDE_VALUE_BITS
    packed = outputs * select(DEFAULT.lanes * DEFAULT.frame_lanes // outputs, spec.ACTIVATION_BITS)
    checks = 2 * multiplier(12, 9)  # beats of a row times rows, in and out
    counters = 4 * adder(12)  # rows and values
    return unpacked + packed + checks + counters


def lut_mac() -> Resources:
    """Return the cost of `lut_mac`, which runs all layers."""
    lanes = DEFAULT.frame_lanes * (frame_lane() + activation() + writing())
    shared = table_copies() + rounding_constants() + decoding() + biases() + features() + digest()
    sent = select(DEFAULT.lanes * DEFAULT.frame_lanes, spec.ACTIVATION_BITS)
    limits = 2 * adder(spec.ACTIVATION_BITS) + 2 * select(2, spec.ACTIVATION_BITS)  # gain; clip
    checks = 2 * multiplier(13, 10)  # a header's rows times steps, by quarters and by groups
    counters = 2 * adder(32) + 6 * adder(12)  # beats and clocks left; rows, steps, frames, bins
    own = lanes + shared + memory() + recurrent() + rows() + sent + limits + checks + counters
    return own + _ports(streams=3, registers=9)


# --- the other kernels, and the whole ------------------------------------------------------------
def cordic_stage() -> Resources:
    """Return the cost of one stage: x plus or minus y, y plus or minus x, and the angle.

    The step of the angle is a constant, so no logic is needed to negate it.
    """
    return 2 * (logic(LENGTH_BITS) + adder(LENGTH_BITS)) + adder(ANGLE_BITS)


def cordic(length: int) -> Resources:
    """Return the cost of all stages, and of correcting the gain of a word of `length` bits."""
    inverse = spec.CORDIC_INVERSE_GAIN_FRAC + 1
    ungained = multiplier(length, inverse) + adder(length + inverse)  # the adder rounds
    return spec.CORDIC_ITERATIONS * cordic_stage() + ungained


def cordic_vectoring() -> Resources:
    """Return the cost of `cordic_vectoring`: spectra to magnitudes and phases."""
    opposite = 2 * adder(LENGTH_BITS)
    own = cordic(LENGTH_BITS) + opposite + adder(ANGLE_BITS) + passing() + digest()
    return own + _ports(streams=3, registers=5)


def cordic_rotation() -> Resources:
    """Return the cost of `cordic_rotation`: gains or magnitudes, and phases, to spectra."""
    word = spec.MAGNITUDE.bits + 1
    gain = multiplier(word, spec.GAIN.bits) + adder(word + spec.GAIN.bits)
    opposite = adder(LENGTH_BITS)
    parts = 2 * (adder(LENGTH_BITS) + logic(spec.SPECTRUM.bits) + register(spec.SPECTRUM.bits))
    own = cordic(word) + gain + opposite + parts + passing() + digest()
    return own + _ports(streams=3, registers=5)


def passing() -> Resources:
    """Return the cost of passing beats of rows through a CORDIC kernel, behind its stages."""
    return delay(spec.BEAT_BITS) + logic(spec.BEAT_BITS) + 2 * adder(32)  # of them left and in all


def polar_fifo() -> Resources:
    """Return the cost of the FIFO that delays magnitudes and phases: beats with TLAST."""
    counters = 3 * adder(DEFAULT.polar_depth.bit_length())
    return block_memory(DEFAULT.polar_depth, spec.BEAT_BITS + 1) + counters


def _ports(streams: int, registers: int) -> Resources:
    """Return the cost of AXI ports: two words per stream; registers, an address and a data word."""
    beat = spec.BEAT_BITS + 2  # TLAST and valid
    lite = (registers + 2) * (logic(32) + register(32))
    return streams * 2 * (logic(beat) + register(beat)) + lite


def design() -> dict[str, Resources]:
    """Return the cost of each part of the overlay, by name."""
    return {
        "cordic_vectoring": cordic_vectoring(),
        "lut_mac": lut_mac(),
        "cordic_rotation": cordic_rotation(),
        "FIFO for phases": polar_fifo(),
    }


def report(board: Board) -> str:
    """Return a table of the design's resources and those of the board."""
    parts = design()
    whole = sum(parts.values(), Resources())
    rows = [f"{'resources: model, not synthesised':<34}{'DSP':>9}{'BRAM18':>9}{'LUT':>9}{'FF':>9}"]
    rows += [_row(name, part) for name, part in parts.items()]
    rows += [_row("all", whole), _row(f"on {board.part}", Resources.of(board))]
    pairs = zip(astuple(whole), astuple(Resources.of(board)), strict=True)
    verdict = "it fits" if whole.fit(board) else "it does not fit"
    rows.append(f"{verdict:<34}" + "".join(f"{used / has:>9.0%}" for used, has in pairs))
    return "\n".join([*rows, "AMD's DMAs, interconnect and performance monitor are not counted"])


def _row(name: str, part: Resources) -> str:
    return f"{name:<34}" + "".join(f"{count:>9,}" for count in astuple(part))
