"""One quantized layer: codes, LUT, biases and the Q formats of its integers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from . import formats, pack
from .lut import Lut, decode
from .scheme import Scheme


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
        In `spec.BIAS`.
    input_format, output_format : QFormat
        Formats of the layer's input and output activations.
    relu : bool
        Whether negative outputs become zero.

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
    relu: bool = True

    def __post_init__(self) -> None:
        self._check_codes()
        self._check_lut()
        self._check_bias()
        self._check_words()
        if not isinstance(self.relu, bool):
            raise TypeError(f"relu is {self.relu!r}; expected true or false")
        if self.shift < 0:
            raise ValueError(
                f"outputs have {self.output_format.frac} fractional bits, but the accumulator only "
                f"{self.output_format.frac + self.shift}: use a larger m or k"
            )
        if self.accumulator_bits > spec.ACCUMULATOR_BITS:
            most = formats.largest_shift_that_fits(self.inputs, self.input_format, self.scheme)
            raise ValueError(
                f"{self.inputs} inputs and k = {self.k} can reach {self._bound}, "
                f"{self.accumulator_bits} bits, but the accumulator has {spec.ACCUMULATOR_BITS}: "
                f"k = {most} fits"
            )

    def __str__(self) -> str:
        word, out = self.input_format, self.output_format
        return (
            f"{self.inputs} -> {self.outputs}, {self.scheme}, k {self.k}, "
            f"{self.ideal_bytes} bytes, "
            f"bits.fraction {word.bits}.{word.frac} -> {out.bits}.{out.frac}, "
            f"accumulator {self.accumulator_bits} bits{'' if self.relu else ', no ReLU'}"
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
        """Number of inputs."""
        return self.codes.shape[1]

    @property
    def outputs(self) -> int:
        """Number of outputs (neurons)."""
        return self.codes.shape[0]

    @cached_property
    def decoded(self) -> npt.NDArray[np.int32]:
        """The weights as integers in units of 2**-weight_frac, int32 (out, in), read-only."""
        weights = decode(self.codes, self.lut)
        weights.flags.writeable = False
        return weights

    @property
    def weight_frac(self) -> int:
        """Fractional bits of `decoded`."""
        return self.m - 1 + self.k

    @property
    def shift(self) -> int:
        """Right shift from the accumulator to the output, zero or more."""
        return self.input_format.frac + self.weight_frac - self.output_format.frac

    @property
    def bias_shift(self) -> int:
        """Left shift that aligns the bias with the accumulator."""
        return formats.bias_shift(self.input_format, self.weight_frac)

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
        bias = int(np.abs(self.bias).max())
        return formats.accumulator_bound(
            self.inputs, self.input_format, largest, bias, self.weight_frac, self.shift
        )

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
        if self.bias.min() < spec.BIAS.low or self.bias.max() > spec.BIAS.high:
            raise ValueError(
                f"bias ranges from {self.bias.min()} to {self.bias.max()}; "
                f"expected {spec.BIAS.low} to {spec.BIAS.high}"
            )

    def _check_words(self) -> None:
        for word in (self.input_format, self.output_format):
            if word.bits + (not word.signed) > spec.ACTIVATION_BITS:
                raise ValueError(
                    f"activations are {word}; expected words that fit the multiplier's "
                    f"{spec.ACTIVATION_BITS} signed bits"
                )
