"""Shared constants: sample rate, framing, Q formats and stream layouts.

Python and hardware share this one definition: ``python -m nibblestream.hardware.generate
header|tcl`` prints it as a C++ header or as Tcl.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .fixed import QFormat

# --- audio and frames (paper, section 4; its byte counts imply the 256-point FFT) -------------
SAMPLE_RATE: Final = 8000
WINDOW: Final = 128  # Hann, 16 ms
HOP: Final = 64
FFT: Final = 256
BINS: Final = FFT // 2 + 1
CONTEXT: Final = 8  # frames stacked to form the network's input

# --- spectra -------------------------------------------------------------------------------
# The largest STFT value of a full-scale signal is the sum of the window, 64; the rounding noise
# of 16-bit audio is near 2**-15. A 24-bit word with LSB 2**-17 covers both without an exponent.
SPECTRUM: Final = QFormat(24, 17)
MAGNITUDE: Final = QFormat(24, 17, signed=False)  # up to 128: sqrt(2) * 64 is 90.5
PHASE_BITS: Final = 16  # one turn is 2**16, so phases wrap without extra logic

# --- CORDIC --------------------------------------------------------------------------------
CORDIC_ITERATIONS: Final = 18
CORDIC_GUARD: Final = 6  # internal fractional bits: 24 + 2 (gain) + 6 (guard) = a 32-bit word
CORDIC_ANGLE_BITS: Final = 24  # one turn is 2**24 inside the CORDIC
CORDIC_INVERSE_GAIN_FRAC: Final = 24

# --- features: log2 of the magnitude relative to a slowly tracked noise floor -----------------
LOG2_FRAC: Final = 8
LOG2_TABLE_BITS: Final = 6
LOG2_OFFSET: Final = 16  # added to the magnitude, so that silence gives a constant, not -infinity
FLOOR_FRAC: Final = 16  # fractional bits of the tracked floor, in octaves
FLOOR_RISE: Final = 8  # below the level, the floor rises by 2**-8 of the difference per frame
FLOOR_FALL: Final = 5  # above the level, it falls by 2**-5 of the difference per frame
FEATURE: Final = QFormat(12, 11)  # +-1 is eight octaves above or below the floor

# --- network -------------------------------------------------------------------------------
# A DSP48E1 multiplies 25 x 18 signed bits and accumulates in 48 bits.
ACTIVATION_BITS: Final = 25
WEIGHT_BITS: Final = 18
ACCUMULATOR_BITS: Final = 48
MANTISSA_BITS: Final = 8  # m of the paper
BIAS: Final = QFormat(8, 7)  # "8-bit-uniform quantized values" (paper, section 4)
GAIN: Final = QFormat(17, 15)  # output of the gain head, clipped to [0, 1]
WIDE_BIAS_BITS: Final = 16  # biases of networks whose layers are scaled
MAX_WIDTH: Final = 2048  # neurons of the widest layer

# --- sigmoid and tanh: chords of one table ----------------------------------------------------
CURVE_INPUT_BITS: Final = 18  # magnitude of the input: 0 to 8
CURVE_INPUT_FRAC: Final = 15  # its fractional bits, for tanh
CURVE_INDEX_BITS: Final = 8  # upper bits of the magnitude, which select a chord
CURVE: Final = QFormat(17, 15)  # output of sigmoid and tanh

# --- layers with memory ------------------------------------------------------------------------
STATE: Final = QFormat(24, 22)  # within +-1; difference to a candidate: a multiplier's 25 bits
GATE_GAIN_BITS: Final = 2  # the forget gate is the sigmoid of 4 times its sum
MAX_UNITS: Final = 2048  # of all layers with memory together
LEAST_TURN: Final = 16  # clocks per row, so that a unit's state is written before it is read again
HIDDEN: Final = QFormat(25, 16)  # a GRU's sum for n, before r multiplies it
RECURRENT_DEPTH: Final = 4096  # most beats of a recurrent layer's codes, kept on chip for a block

# --- beats and blocks; geometry.py has what differs between boards ------------------------------
BEAT_BITS: Final = 64
CODE_BITS: Final = (2, 3, 4, 8)  # 8-bit codes are the weights themselves and need no LUT
MAX_BLOCK: Final = 32  # most frames that share one pass over the codes, in any geometry


# --- streams: bit fields of the 64-bit beats ---------------------------------------------------
class Field(NamedTuple):
    """Bits `low` to ``low + bits - 1`` of a beat."""

    low: int
    bits: int


Layout = dict[str, Field]

SPECTRUM_BEAT: Final[Layout] = {"re": Field(0, 32), "im": Field(32, 32)}
MAGNITUDE_BEAT: Final[Layout] = {"magnitude": Field(0, 24)}
POLAR_BEAT: Final[Layout] = {"magnitude": Field(0, 24), "phase": Field(32, 16)}
NETWORK_BEAT: Final[Layout] = {"value": Field(0, 24), "is_gain": Field(32, 1)}

# Rows of a network without spectra around it, several values per beat: inputs of 16 bits, or of 32
# if they need more; outputs of 32 bits.
NARROW_VALUE_BITS: Final = 16
WIDE_VALUE_BITS: Final = 32

# The code stream: one model beat; then for each layer one layer beat, one activation beat (if its
# activation is none of linear and ReLU), the LUT (16 entries in 4 beats, none for 8-bit codes), the
# biases (8 per beat, or 4 wide ones) and the codes.
STREAM_MAGIC: Final = int.from_bytes(b"NIBL", "little")
STREAM_VERSION: Final = 1
MODEL_BEAT: Final[Layout] = {
    "magic": Field(0, 32),
    "version": Field(32, 4),
    "log2": Field(36, 1),  # 1: features are log2 over the floor; 0: magnitudes
    "gain": Field(37, 1),  # 1: the output is a gain; 0: a magnitude
    "raw": Field(38, 1),  # 1: rows of values in and out, no spectra
    "wide": Field(39, 1),  # 1: a raw network's inputs have 32 bits; 0: 16
    "single": Field(39, 1),  # of spectra, in its place. 1: frames by themselves; 0: stacks of 8
    "layers": Field(40, 8),
    "gain_floor": Field(48, 16),
    "inputs": Field(48, 12),  # of a raw network, in place of the gain floor
}
LAYER_BEAT: Final[Layout] = {
    "inputs": Field(0, 12),
    "outputs": Field(12, 12),
    "code_bits": Field(24, 4),
    "k": Field(28, 5),
    "shift": Field(33, 6),
    "bias_shift": Field(39, 6),
    "output_bits": Field(45, 5),  # excluding the sign
    "relu": Field(50, 1),  # negative outputs become 0
    "activation": Field(51, 4),  # an index into ACTIVATIONS; of memory, gru: 3 rows per unit
    "wide_bias": Field(55, 1),  # biases have 16 bits, not 8
}
ACTIVATIONS: Final = ("linear or relu", "clip", "leaky", "sigmoid", "tanh", "memory", "gru")
ACTIVATION_BEAT: Final[Layout] = {
    "low": Field(0, 25),  # limits of a clip, two's complement
    "high": Field(25, 25),
    "shift": Field(50, 5),  # leaky: right shift of negative values; sigmoid, tanh: left shift
    "units": Field(0, 12),  # of a memory or GRU, in place of the limits
    "align": Field(12, 6),  # of a GRU: left shift of inputs to the accumulator
}
LUT_ENTRIES: Final = 16
LUT_ENTRY: Final[Layout] = {"mantissa": Field(0, MANTISSA_BITS), "internal": Field(8, 1)}
LUT_ENTRY_BITS: Final = 16


# --- overlay -------------------------------------------------------------------------------
class Cell(NamedTuple):
    """An IP core with registers: its VLNV and its offset from the family's control base."""

    vlnv: str
    offset: int


OVERLAY: Final = "nibblestream"
CONTROL_BASE: Final = {"zynq": 0x4000_0000, "zynqmp": 0xA000_0000}  # M_AXI_GP0, M_AXI_HPM0_FPD
CONTROL_RANGE: Final = 0x1_0000  # bytes of register space per cell
CELLS: Final = {
    "cordic_vectoring": Cell("xilinx.com:hls:cordic_vectoring:1.0", 0x0_0000),
    "lut_mac": Cell("xilinx.com:hls:lut_mac:1.0", 0x1_0000),
    "cordic_rotation": Cell("xilinx.com:hls:cordic_rotation:1.0", 0x2_0000),
    "dma_spectra": Cell("xilinx.com:ip:axi_dma:7.1", 0x3_0000),
    "dma_codes": Cell("xilinx.com:ip:axi_dma:7.1", 0x4_0000),
    "monitor": Cell("xilinx.com:ip:axi_perf_mon:5.0", 0x5_0000),
    "kernel_reset": Cell("xilinx.com:ip:axi_gpio:2.0", 0x6_0000),
    "dma_codes_high": Cell("xilinx.com:ip:axi_dma:7.1", 0x7_0000),  # of a second memory port
}
DMA_LENGTH_BITS: Final = 26
# Slots of the performance monitor; each counts the bytes transferred on one port.
MONITOR_SLOTS: Final = ("codes read", "spectra read", "spectra written")

# All constants above, as text; the kernels return a CRC of it and of their geometry.
FACTS: Final = repr(
    sorted((name, repr(value)) for name, value in globals().items() if name.isupper())
)
