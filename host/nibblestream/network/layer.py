"""One quantized layer: codes, LUT, biases and the Q formats of its integers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import MOST_FRAC, QFormat, round_half_away
from . import formats, pack
from .activation import RELU, Activation
from .curve import COARSEST, INPUT
from .gates import check_gates
from .lut import Lut, decode
from .memory import Cell
from .recurrent import Recurrent, factor_format
from .scheme import Scheme
from .topology import stored, taken


@dataclass(frozen=True, eq=False)
class QuantizedLayer:
    """A fully connected layer in integer arithmetic.

    Parameters
    ----------
    codes : uint8, shape (out, in)
        LUT addresses; 8-bit codes are the weights themselves, two's complement.
    lut : Lut or None
        None for 8-bit codes.
    k : int
        Virtual bit shift.
    scheme : Scheme
        Quantization scheme of the codes.
    bias : int32, shape (out,)
        In `bias_format`.
    input_format, output_format : QFormat
        Formats of the layer's input and output activations.
    activation : Activation, Memory or Recurrent
    exponent : int
        e: weights are the decoded codes times 2**e.
    bias_format : QFormat
        `spec.BIAS`, or 16 bits.
    saturated : float, optional
        Share of calibration outputs beyond the output format; None if a bound says that no output
        can be, or if the format does not depend on data.

    Raises
    ------
    ValueError
        The parameters contradict each other, or some input could overflow the accumulator.
    """

    codes: npt.NDArray[np.uint8]
    lut: Lut | None
    k: int
    scheme: Scheme
    bias: npt.NDArray[np.int32]
    input_format: QFormat
    output_format: QFormat
    activation: Cell = RELU
    exponent: int = 0
    bias_format: QFormat = spec.BIAS
    saturated: float | None = None

    def __post_init__(self) -> None:
        self._check_codes()
        self._check_lut()
        self._check_bias()
        self._check_words()
        check_gates(self)
        if self.shift < 0:
            raise ValueError(
                f"outputs have {self.output_format.frac} fractional bits, but the accumulator only "
                f"{self.accumulator_frac}: use a larger m or k"
            )
        if self.accumulator_bits > spec.ACCUMULATOR_BITS:
            largest = float(np.abs(self.bias).max()) * self.bias_format.resolution
            bias = 1.0 if self.bias_format == spec.BIAS else math.ldexp(largest, -self.exponent)
            if isinstance(self.activation, Recurrent):  # inputs are added as biases are
                bias += math.ldexp(-self.input_format.low, -self.input_format.frac - self.exponent)
            most = formats.largest_shift_that_fits(
                self.inputs, self.factor_format, self.scheme, bias
            )
            raise ValueError(
                f"{self.inputs} inputs and k = {self.k} can reach {self._bound}, "
                f"{self.accumulator_bits} bits, but the accumulator has {spec.ACCUMULATOR_BITS}: "
                + (f"k = {most} fits" if most is not None else "give inputs fewer bits")
            )

    def __str__(self) -> str:
        word, out = self.input_format, self.output_format
        return (
            f"{self.inputs} -> {self.outputs}, {self.scheme}, k {self.k}, "
            f"{self.ideal_bytes} bytes, "
            f"bits.fraction {word.bits}.{word.frac} -> {out.bits}.{out.frac}, "
            f"accumulator {self.accumulator_bits} bits"
            + ("" if self.activation == RELU else f", {self.activation}")
            + (f", weights times 2**{self.exponent}" if self.exponent else "")
            + ("" if self.saturated is None else f", {self.saturated:.2%} of outputs saturate")
        )

    @property
    def bits(self) -> int:
        """Width n of a code."""
        return self.scheme.bits

    @property
    def m(self) -> int:
        """Width of a LUT entry."""
        return self.scheme.m

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (out, in) of the weights."""
        return self.outputs, self.inputs

    @property
    def inputs(self) -> int:
        """Number of factors of a sum: columns of the weights."""
        return self.codes.shape[1]

    @property
    def outputs(self) -> int:
        """Number of sums: rows of the weights."""
        return self.codes.shape[0]

    @property
    def taken(self) -> int:
        """Number of values in a row of inputs: `inputs`, or of a recurrent layer all its sums."""
        return taken(self.shape, self.activation)

    @property
    def stored(self) -> int:
        """Number of values per row that the layer writes to the activation memory."""
        return stored(self.shape, self.activation)

    @property
    def width(self) -> int:
        """Number of outputs: of sums, or of units of a memory or GRU."""
        return self.outputs // self.activation.sums

    @cached_property
    def decoded(self) -> npt.NDArray[np.int32]:
        """The weights as integers in units of 2**-weight_frac, int32 (out, in), read-only."""
        weights = decode(self.codes, self.lut)
        weights.flags.writeable = False
        return weights

    @property
    def weight_frac(self) -> int:
        """Fractional bits of `decoded`, which include the layer's power of two."""
        return self.m - 1 + self.k - self.exponent

    @property
    def accumulator_frac(self) -> int:
        """Fractional bits of the accumulator."""
        return self.factor_format.frac + self.weight_frac

    @property
    def factor_format(self) -> QFormat:
        """Format of what the matrix multiplies: inputs, or a recurrent layer's outputs."""
        return factor_format(self.activation, self.input_format)

    @property
    def align(self) -> int:
        """Left shift that aligns a recurrent layer's inputs with the accumulator."""
        return self.accumulator_frac - self.input_format.frac

    @property
    def word(self) -> QFormat:
        """Format to which sums are rounded: of the outputs, or of the inputs of `curve`."""
        if not self.activation.tabled:
            return self.output_format
        table, up = INPUT[self.activation.kind], self.curve_shift
        return QFormat(table.bits - up, table.frac - up)

    @property
    def curve_shift(self) -> int:
        """Left shift from `word` to the inputs of `curve`, for bits that the accumulator lacks."""
        return max(0, INPUT[self.activation.kind].frac - self.accumulator_frac)

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest rounded sum; others saturate."""
        low, high = self.word.low, self.word.high
        if self.activation.kind == "relu":
            return max(low, 0), high
        if isinstance(self.activation, Activation) and self.activation.kind == "clip":
            ends = (self.activation.low, self.activation.high)
            steps = np.clip(np.ldexp(ends, self.word.frac), low, high)
            low, high = (int(end) for end in round_half_away(steps))
        return low, high

    @property
    def shift(self) -> int:
        """Right shift from the accumulator to `word`, zero or more."""
        return self.accumulator_frac - self.word.frac

    @property
    def bias_shift(self) -> int:
        """Left shift that aligns the bias with the accumulator."""
        return self.accumulator_frac - self.bias_format.frac

    @property
    def accumulator_bits(self) -> int:
        """Width of a signed word that holds every possible sum, whatever the input and codes."""
        return formats.signed_bits(self._bound)

    @property
    def beats(self) -> npt.NDArray[np.uint64]:
        """The packed codes, as streamed to the kernel, uint64 (n,)."""
        return pack.pack(self.codes, self.bits)

    @property
    def ideal_bytes(self) -> int:
        """Bytes of the codes without padding, as the paper counts them."""
        return pack.ideal_bytes(self.shape, self.bits)

    @property
    def stream_bytes(self) -> int:
        """Bytes of the packed codes, including padding."""
        return pack.stream_bytes(self.shape, self.bits)

    @property
    def _bound(self) -> int:
        largest = 128 if self.lut is None else int(np.abs(self.lut.decoded).max())
        bias = int(np.abs(self.bias).max()) << self.bias_shift
        if isinstance(self.activation, Recurrent):
            bias += -self.input_format.low << self.align
        shift = self.shift + self.activation.leak
        return formats.accumulator_bound(self.inputs, self.factor_format, largest, bias, shift)

    def _check_codes(self) -> None:
        if self.codes.dtype != np.uint8 or self.codes.ndim != 2 or not self.codes.size:
            raise ValueError(
                f"codes are {self.codes.dtype} {self.codes.shape}; expected uint8 (out, in)"
            )
        if self.codes.max() >= 1 << self.bits:
            raise ValueError(f"codes reach {self.codes.max()}; expected below {1 << self.bits}")

    def _check_lut(self) -> None:
        if (self.lut is None) != (self.bits == 8):
            raise ValueError(
                f"{self.bits}-bit codes {'without a' if self.lut is None else 'with a'} LUT; "
                "8-bit codes have none, narrower ones need one"
            )
        if self.lut is not None:
            found = (self.lut.bits, self.lut.m, self.lut.k)
            if found != (self.bits, self.m, self.k):
                raise ValueError(
                    f"LUT has (bits, m, k) = {found}; the layer has {(self.bits, self.m, self.k)}"
                )
        if self.scheme.k not in (None, self.k):
            raise ValueError(f"k is {self.k}, but the scheme says {self.scheme.k}")
        replace(self.scheme, k=self.k)  # raises if the scheme does not allow this k

    def _check_bias(self) -> None:
        if self.bias.dtype != np.int32 or self.bias.shape != (self.outputs,):
            raise ValueError(
                f"bias is {self.bias.dtype} {self.bias.shape}; expected int32 ({self.outputs},)"
            )
        word = self.bias_format
        if word != spec.BIAS and (word.bits, word.signed) != (spec.WIDE_BIAS_BITS, True):
            raise ValueError(f"biases are {word}; expected {spec.BIAS} or 16 signed bits")
        if self.bias.min() < word.low or self.bias.max() > word.high:
            raise ValueError(
                f"bias ranges from {self.bias.min()} to {self.bias.max()}; "
                f"expected {word.low} to {word.high}"
            )
        if self.bias_shift < 0:
            raise ValueError(
                f"biases have {word.frac} fractional bits, but the accumulator only "
                f"{self.accumulator_frac}"
            )

    def _check_words(self) -> None:
        if abs(self.exponent) > MOST_FRAC:
            raise ValueError(f"exponent is {self.exponent}; expected -{MOST_FRAC} to {MOST_FRAC}")
        for word in (self.input_format, self.output_format):
            if word.bits + (not word.signed) > spec.ACTIVATION_BITS:
                raise ValueError(
                    f"activations are {word}; expected words that fit the multiplier's "
                    f"{spec.ACTIVATION_BITS} signed bits"
                )
        if self.activation.tabled and self.curve_shift > COARSEST:
            least = INPUT[self.activation.kind].frac - COARSEST
            raise ValueError(
                f"sums have {self.accumulator_frac} fractional bits; expected {least} or more "
                f"before {self.activation}: scale the weights down"
            )
        if self.activation.tabled and self.output_format != spec.CURVE:
            raise ValueError(
                f"outputs of {self.activation} are {self.output_format}; expected {spec.CURVE}"
            )
