"""A layer's codes, table and biases, and the choice of its input and output formats."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from ..network import formats
from ..network.curve import COARSEST, INPUT
from ..network.float_model import FloatModel
from ..network.formats import LARGEST_SHIFT
from ..network.layer import QuantizedLayer
from ..network.lut import Lut, decode
from ..network.memory import Cell
from ..network.model import QuantizedModel
from ..network.recurrent import Recurrent, factor_format
from ..network.scheme import Scheme
from .passes import Layer, forward
from .sequences import Sequences

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CodedLayer:
    """A quantized layer without the formats of its inputs and outputs.

    Parameters
    ----------
    codes : uint8, shape (out, in)
    lut : Lut or None
        None for 8-bit codes.
    k : int
        Virtual bit shift.
    scheme : Scheme
    bias : int32, shape (out,)
        In `bias_format`.
    exponent : int
        e: weights are the decoded codes times 2**e.
    bias_format : QFormat
    """

    codes: npt.NDArray[np.uint8]
    lut: Lut | None
    k: int
    scheme: Scheme
    bias: npt.NDArray[np.int32]
    exponent: int = 0
    bias_format: QFormat = spec.BIAS

    @property
    def weights(self) -> Float:
        """Weights that the codes represent, float64 (out, in)."""
        return decode(self.codes, self.lut) * 2.0 ** (self.exponent - (self.scheme.m - 1 + self.k))

    @property
    def biases(self) -> Float:
        """Biases, float64 (out,)."""
        return self.bias_format.to_float(self.bias)

    def layer(self, activation: Cell) -> Layer:
        """Return the float layer that the codes and biases represent."""
        return self.weights, self.biases, activation


class Unit(NamedTuple):
    """Limits for the codes of one layer.

    Parameters
    ----------
    k_max : int
        Largest virtual bit shift that the accumulator allows.
    exponent : int
        Codes represent weights in units of 2**exponent.
    bias_format : QFormat
    """

    k_max: int
    exponent: int = 0
    bias_format: QFormat = spec.BIAS


class Words:
    """Builder of a quantized network: adds one coded layer at a time and chooses its formats.

    Parameters
    ----------
    model : FloatModel
    seen : (float32 (n, inputs), Sequences), optional
        Rows on which the ranges of activations are measured, for scaled models only.
    """

    def __init__(
        self, model: FloatModel, seen: tuple[npt.NDArray[np.float32], Sequences] | None = None
    ) -> None:
        self._model = model
        self._seen: Float | None = None
        if seen is not None and model.scaled:
            self._seen, self._sequences = seen[0].astype(np.float64), seen[1]
        self._word, self._norm = model.front.input_format, model.front.norm(model.inputs)
        self._reach = model.front.bounds(model.inputs) if model.scaled else None
        self.layers: list[QuantizedLayer] = []

    def unit(self, scheme: Scheme) -> Unit:
        """Return the next layer's power of two and bias format, and the largest k they allow."""
        i, inputs = len(self.layers), self._model.weights[len(self.layers)].shape[1]
        activation = self._model.activations[i]
        factors, added = factor_format(activation, self._word), 0.0
        if isinstance(activation, Recurrent):  # its inputs are added to the sums
            added = -self._word.low * self._word.resolution
        if not self._model.scaled:
            most = formats.largest_shift_that_fits(inputs, factors, scheme, 1.0 + added)
            return Unit(most or 0)
        largest = float(np.abs(self._model.biases[i]).max())
        exponent, k = formats.layer_exponent(self._model.weights[i]), None
        while k is None:  # biases far beyond the weights: coarser weights make room for them
            bias = math.ldexp(largest + added, -exponent)
            k = formats.largest_shift_that_fits(inputs, factors, scheme, bias)
            exponent += k is None
        finest = factors.frac + scheme.m - 1
        if activation.tabled:  # tiny sums: keep the shift to the table's inputs within its limit
            exponent = max(exponent, finest + k - INPUT[activation.kind].frac - LARGEST_SHIFT)
        finest -= exponent
        return Unit(k, exponent, formats.bias_format(largest, finest))

    def append(self, coded: CodedLayer) -> None:
        """Append the next layer; raise ValueError if its accumulator could overflow."""
        activation = self._model.activations[len(self.layers)]
        factors = factor_format(activation, self._word)
        coded = _within_curve(coded, activation, factors)
        finest = factors.frac + coded.scheme.m - 1 + coded.k - coded.exponent
        coded = _within_accumulator(coded, finest)
        reach = activation.reach(self._bounds(coded, activation))
        seen = self._run(coded.layer(activation))
        output, saturated = self._output(float(reach.max()), finest, seen)
        self.layers.append(
            QuantizedLayer(
                codes=coded.codes,
                lut=coded.lut,
                k=coded.k,
                scheme=coded.scheme,
                bias=coded.bias,
                input_format=self._word,
                output_format=output,
                activation=activation,
                exponent=coded.exponent,
                bias_format=coded.bias_format,
                saturated=saturated,
            )
        )
        top = output.high * output.resolution
        self._word, self._norm = output, float(np.linalg.norm(reach))
        self._reach = None if self._reach is None else np.minimum(reach, top)
        self._seen = None if seen is None else np.clip(seen, -top, top)

    def model(self) -> QuantizedModel:
        """Return the network of the appended layers."""
        model = self._model
        front = model.front.in_integers()
        return QuantizedModel(model.name, tuple(self.layers), front, origin=model.digest)

    def _run(self, layer: Layer) -> Float | None:
        """Return the next layer's outputs for the rows seen; None without rows."""
        if self._seen is None:
            return None
        return forward(layer, self._seen, self._sequences).outputs

    def _bounds(self, coded: CodedLayer, activation: Cell) -> Float:
        """Return a bound on the magnitude of each sum."""
        if isinstance(activation, Recurrent):
            return formats.sum_bounds(coded.weights, coded.biases, np.ones(coded.codes.shape[1]))
        if self._reach is None:
            return formats.norm_bounds(coded.weights, coded.biases, self._norm)
        return formats.sum_bounds(coded.weights, coded.biases, self._reach)

    def _output(
        self, bound: float, finest: int, seen: Float | None
    ) -> tuple[QFormat, float | None]:
        """Return the output format, and the share of outputs seen that saturate if any can."""
        i, model = len(self.layers), self._model
        if any(isinstance(cell, Recurrent) for cell in model.activations[i + 1 : i + 2]):
            finest = min(finest, spec.HIDDEN.frac)  # finer sums of inputs would be rounded
        if model.activations[i].tabled:
            return spec.CURVE, None
        if i == len(model.weights) - 1 and model.front.output_format is not None:
            return model.front.output_format, None
        if not model.scaled:
            return formats.activation_format(bound, finest, formats.MIN_FRAC), None
        word = formats.activation_format(bound, finest)
        largest = bound if seen is None else float(np.abs(seen).max())
        narrow = formats.activation_format(formats.HEADROOM * largest, finest)
        if seen is None or bound <= formats.TOLERANCE * largest or narrow == word:
            return word, None
        return narrow, float(np.mean(np.abs(seen) > narrow.high * narrow.resolution))


def _within_accumulator(coded: CodedLayer, finest: int) -> CodedLayer:
    """Round 16-bit biases that have more fractional bits than the accumulator.

    Distillation can move an activation's format after the biases took theirs.
    """
    if coded.bias_format == spec.BIAS or coded.bias_format.frac <= finest:
        return coded
    word = replace(coded.bias_format, frac=finest)
    return replace(coded, bias=word.from_float(coded.biases), bias_format=word)


def _within_curve(coded: CodedLayer, activation: Cell, word: QFormat) -> CodedLayer:
    """Scale sums down whose steps are so large that each saturates a sigmoid or tanh."""
    if not activation.tabled:
        return coded
    frac = word.frac + coded.scheme.m - 1 + coded.k - coded.exponent
    excess = max(0, INPUT[activation.kind].frac - COARSEST - frac)
    if not excess:
        return coded
    bias_format = replace(coded.bias_format, frac=coded.bias_format.frac + excess)
    return replace(coded, exponent=coded.exponent - excess, bias_format=bias_format)
