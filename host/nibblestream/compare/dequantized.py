"""What a quantizer of others makes of a layer: the weights its codes stand for, and bytes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


class Dequantized(NamedTuple):
    """The weights that codes stand for, float32 (out, in), and what is stored beside the codes.

    `extra` counts bytes: scales, zero points, tables, and codes of padding.
    """

    weights: Float32
    extra: int
