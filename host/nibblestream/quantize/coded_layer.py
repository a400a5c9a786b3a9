"""A layer's codes, table and biases, and the choice of its input and output formats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network import formats
from ..network.float_model import FloatModel
from ..network.layer import QuantizedLayer
from ..network.lut import Lut, decode
from ..network.model import QuantizedModel
from ..network.scheme import Scheme
from ..network.topology import FEATURES, HEADS


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
        In `spec.BIAS`.
    """

    codes: npt.NDArray[np.uint8]
    lut: Lut | None
    k: int
    scheme: Scheme
    bias: npt.NDArray[np.int32]

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """Weights that the codes represent, float64 (out, in)."""
        return decode(self.codes, self.lut) * 2.0 ** -(self.scheme.m - 1 + self.k)


class Words:
    """Builder of a quantized network: adds one coded layer at a time and chooses its formats.

    Parameters
    ----------
    model : FloatModel
    """

    def __init__(self, model: FloatModel) -> None:
        self._model = model
        self._word, self._norm = FEATURES[model.features], formats.input_norm(model.features)
        self.layers: list[QuantizedLayer] = []

    def largest_shift(self, scheme: Scheme) -> int:
        """Return the largest k that the next layer's accumulator allows."""
        inputs = self._model.weights[len(self.layers)].shape[1]
        return formats.largest_shift_that_fits(inputs, self._word, scheme)

    def append(self, coded: CodedLayer) -> None:
        """Append the next layer; raise ValueError if its accumulator could overflow."""
        i, frac = len(self.layers), coded.scheme.m - 1 + coded.k
        bounds = formats.output_bounds(coded.weights, spec.BIAS.to_float(coded.bias), self._norm)
        output = formats.hidden_format(float(bounds.max()), self._word.frac + frac)
        if i == len(self._model.weights) - 1:
            output = HEADS[self._model.head]
        parts = (coded.codes, coded.lut, coded.k, coded.scheme, coded.bias, self._word, output)
        self.layers.append(QuantizedLayer(*parts, relu=self._model.relu[i]))
        self._word, self._norm = output, float(np.linalg.norm(bounds))

    def model(self) -> QuantizedModel:
        """Return the network of the appended layers."""
        floor = int(spec.GAIN.from_float(self._model.gain_floor))
        kind = (self._model.features, self._model.head, floor)
        name, origin = self._model.name, self._model.digest
        return QuantizedModel(name, tuple(self.layers), *kind, origin=origin)
