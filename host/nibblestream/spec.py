"""The shared facts: sample rate, frames, Q formats, stream layout.

Every other part, in Python or in hardware, takes these from here.
"""

from __future__ import annotations

from typing import Final

from .fixed import QFormat

# --- audio and frames (paper, section 4; its byte counts imply the 256-point FFT) -------------
SAMPLE_RATE: Final = 8000
WINDOW: Final = 128  # Hann, 16 ms
HOP: Final = 64
FFT: Final = 256
BINS: Final = FFT // 2 + 1
CONTEXT: Final = 8  # frames stacked at the network's input

# --- spectra -------------------------------------------------------------------------------
# A full-scale signal's largest STFT value is the sum of the window, 64, and the rounding noise
# of 16-bit audio lies near 2**-15: 24 bits at 2**-17 hold both, so no exponent has to follow.
SPECTRUM: Final = QFormat(24, 17)
MAGNITUDE: Final = QFormat(24, 17, signed=False)  # up to 128: sqrt(2) * 64 is 90.5
PHASE_BITS: Final = 16  # one turn is 2**16, so wrap-around is free

# --- CORDIC --------------------------------------------------------------------------------
CORDIC_ITERATIONS: Final = 18
CORDIC_GUARD: Final = 6  # extra fractional bits inside: 24 + 2 for the gain + 6 = a 32-bit word
CORDIC_ANGLE_BITS: Final = 24  # a turn inside the CORDIC
CORDIC_INVERSE_GAIN_FRAC: Final = 24

# --- features: log2 of the magnitude over a slowly tracked floor ------------------------------
LOG2_FRAC: Final = 8
LOG2_TABLE_BITS: Final = 6
LOG2_OFFSET: Final = 16  # added to the magnitude: silence becomes a constant, not a -infinity
FLOOR_FRAC: Final = 16  # fractional bits of the tracked floor, in octaves
FLOOR_RISE: Final = 8  # the floor follows a louder bin by 2**-8 of the way a frame, ...
FLOOR_FALL: Final = 5  # ... a quieter one by 2**-5
FEATURE: Final = QFormat(12, 11)  # eight octaves up or down are +-1

# --- network -------------------------------------------------------------------------------
# A DSP48E1 multiplies 25 x 18 signed bits and accumulates in 48.
ACTIVATION_BITS: Final = 25
WEIGHT_BITS: Final = 18
ACCUMULATOR_BITS: Final = 48
MANTISSA_BITS: Final = 8  # m of the paper
BIAS: Final = QFormat(8, 7)  # "8-bit-uniform quantized values" (paper, section 4)
GAIN: Final = QFormat(17, 15)  # the gain head's output, used in [0, 1]
MAX_WIDTH: Final = 2048  # widest layer

# --- streams -------------------------------------------------------------------------------
BEAT_BITS: Final = 64
CODE_BITS: Final = (2, 3, 4, 8)  # 8-bit codes are the value itself: no LUT
MAX_BLOCK: Final = 32  # frames that share one pass over the codes
