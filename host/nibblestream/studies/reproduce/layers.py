"""Range-split layers with their intervals and levels: the data of Figures 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...network.layer import QuantizedLayer
from ...quantize import Intervals, quantize, quantize_weights
from .networks import Network

Float = npt.NDArray[np.float64]
ORDINALS = ("first", "second")


@dataclass(frozen=True)
class Split:
    """A layer quantized to 4 bits by range split with the paper's parameters.

    Parameters
    ----------
    network : str
    layer : str
        "first" or "second".
    weights : float64, shape (out, in)
    quantized : QuantizedLayer
    intervals : Intervals
        The interval of each code.
    """

    network: str
    layer: str
    weights: Float
    quantized: QuantizedLayer
    intervals: Intervals

    @property
    def inside(self) -> tuple[int, int]:
        """Indices of the first and the last internal interval."""
        first, last = np.flatnonzero(self.intervals.internal)[[0, -1]]
        return int(first), int(last)

    @property
    def width(self) -> float:
        """Delta_i: the common width of the internal intervals."""
        first, last = self.inside
        edges = self.intervals.edges
        return float(edges[last + 1] - edges[first]) / (last + 1 - first)

    @property
    def steps(self) -> Float:
        """The resolution delta_i of each interval's level, float64 (intervals,)."""
        scheme, k = self.quantized.scheme, self.quantized.k
        return 2.0 ** -(scheme.m - 1 + k * self.intervals.internal)

    @property
    def levels(self) -> Float:
        """The value of each code, float64 (intervals,)."""
        assert self.quantized.lut is not None  # range-split codes have at most 4 bits
        return self.quantized.lut.values

    @property
    def shared(self) -> npt.NDArray[np.bool_]:
        """Mask of intervals whose level equals that of a neighbour, which wastes a code."""
        same = np.diff(self.levels) == 0
        return np.asarray(np.append(same, False) | np.append(False, same))

    def phi(self, weights: Float) -> Float:
        """Return the share of the layer's weights below each of the given values."""
        ordered = np.sort(self.weights, axis=None)
        return np.searchsorted(ordered, weights, side="left") / len(ordered)


def split(networks: Sequence[Network], scheme: str = "rs-vbs") -> Iterator[Split]:
    """Quantize each layer of each network by "rs" or "rs-vbs"."""
    for network in networks:
        layers = quantize(network.model, scheme).layers
        for name, weights, layer in zip(ORDINALS, network.model.weights, layers, strict=True):
            values = weights.astype(np.float64)
            done = quantize_weights(values, replace(layer.scheme, k=layer.k))
            yield Split(network.name, name, values, layer, done.intervals)
