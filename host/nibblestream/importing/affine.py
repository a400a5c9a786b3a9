"""Values of an imported network between two activations: affine functions of a layer's inputs.

Whatever a network computes there (scales, shifts, transposes, reshapes, products with constants) is
carried out on the function itself, so all of it becomes one layer's weights and biases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

BRANCH = "expected a chain without branches"


@dataclass(frozen=True, eq=False)
class Affine:
    """An array of any shape whose elements are affine functions of a layer's inputs.

    It takes part in NumPy's arithmetic with constants, and in sums with others of its layer.

    Parameters
    ----------
    layer : int
        Number of the layer whose inputs these are.
    slope : float64 array
        Derivative by each input, the first dimension, of each element, the others.
    offset : float64 array
        Value of each element where all inputs are 0.
    """

    __array_ufunc__: ClassVar[None] = None  # NumPy leaves operators to this class

    layer: int
    slope: Float
    offset: Float

    @classmethod
    def inputs(cls, layer: int, shape: Sequence[int]) -> Affine:
        """Return a layer's inputs themselves, arranged in an array of that shape."""
        width = math.prod(shape)
        return cls(layer, np.eye(width).reshape(width, *shape), np.zeros(shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.offset.shape

    @property
    def weights(self) -> Float:
        """Weights (out, inputs) of the layer that computes the elements, in C order."""
        return np.ascontiguousarray(self.slope.reshape(len(self.slope), -1).T)

    def moved(self, positions: npt.NDArray[Any]) -> Affine:
        """Return the elements at `positions`, integers of any shape that count in C order."""
        flat = self.slope.reshape(len(self.slope), -1)
        slope = flat[:, positions.ravel()].reshape(-1, *positions.shape)
        return replace(self, slope=slope, offset=self.offset.ravel()[positions])

    def positions(self) -> npt.NDArray[np.int64]:
        """Return the position of each element, for an operation that only moves elements."""
        return np.arange(self.offset.size).reshape(self.shape)

    def __add__(self, other: Any) -> Affine:
        if isinstance(other, Affine):
            if other.layer != self.layer:
                raise ValueError(
                    f"adds values from before and after an activation; {BRANCH}, such as residual "
                    "connections"
                )
            offset = self.offset + other.offset
            slope = self._lifted(offset.ndim) + other._lifted(offset.ndim)
            return replace(self, slope=slope, offset=offset)
        offset = self.offset + _constant(other)
        slope = np.broadcast_to(self._lifted(offset.ndim), (len(self.slope), *offset.shape))
        return replace(self, slope=slope, offset=offset)

    def __mul__(self, other: Any) -> Affine:
        factor = _constant(other)
        return replace(self, slope=self._lifted(factor.ndim) * factor, offset=self.offset * factor)

    def __matmul__(self, other: Any) -> Affine:
        matrix = _constant(other)
        offset = self.offset @ matrix
        if matrix.ndim <= 2:  # one product of matrices instead of one for each input
            slope = self.slope.reshape(-1, self.shape[-1]) @ matrix
        else:
            slope = self._lifted(matrix.ndim) @ matrix
        return replace(self, slope=slope.reshape(-1, *offset.shape), offset=offset)

    def __rmatmul__(self, other: Any) -> Affine:
        matrix = _constant(other)
        offset = matrix @ self.offset
        column = self.slope[..., None] if len(self.shape) == 1 else self._lifted(matrix.ndim)
        return replace(self, slope=(matrix @ column).reshape(-1, *offset.shape), offset=offset)

    def __truediv__(self, other: Any) -> Affine:
        return self.__mul__(1 / _constant(other))

    def __rtruediv__(self, other: Any) -> Affine:
        raise ValueError("divides by a computed value; expected a constant")

    def __neg__(self) -> Affine:
        return self.__mul__(-1.0)

    def __sub__(self, other: Any) -> Affine:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Affine:
        return self.__neg__().__add__(other)

    __radd__ = __add__
    __rmul__ = __mul__

    def _lifted(self, dimensions: int) -> Float:
        """Return the slope with ones inserted before `shape`, up to a number of dimensions."""
        ones = (1,) * (dimensions - len(self.shape))
        return self.slope.reshape(len(self.slope), *ones, *self.shape)


def _constant(value: Any) -> Float:
    if isinstance(value, Affine):
        raise ValueError(f"multiplies two computed values; {BRANCH}")
    array = np.asarray(value, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("holds NaN or infinity; expected finite values")
    return array
