"""The baseline: speech through networks in NumPy float32, without quantization."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ... import spec
from ...network.float_model import Float32, FloatModel
from ...network.float_network import FloatNetwork
from ...speech.context import Context
from ...speech.front import speech_of

_UNIT = 2.0**spec.FEATURE.frac / 2.0**spec.LOG2_FRAC  # octaves per unit of the feature
_RISE, _FALL = np.float32(2.0**-spec.FLOOR_RISE), np.float32(2.0**-spec.FLOOR_FALL)


class NumpyFloat32:
    """A float model run on complex64 spectra: `reference` in single precision.

    Parameters
    ----------
    model : FloatModel
    """

    def __init__(self, model: FloatModel) -> None:
        self._network, self._speech = FloatNetwork(model, np.float32), speech_of(model)
        self._floor: Float32 | None = None
        self._context = Context(self._speech.context, np.float32)

    def process(self, spectrum: npt.NDArray[Any]) -> npt.NDArray[np.complex64]:
        """Enhance the next frames: complex64 (frames, 129), scaled as in `stft`."""
        magnitude = np.abs(spectrum)
        features = self._features(magnitude) if self._speech.features == "log2" else magnitude
        # A copy: the stack is a view with overlapping rows, which BLAS does not accept.
        inputs = np.ascontiguousarray(self._context.stacked(features))
        x = self._network.process(inputs)
        if self._speech.head == "gain":
            return np.asarray(spectrum * np.clip(x, np.float32(self._speech.gain_floor), 1))
        return np.asarray(np.maximum(x, 0) * np.exp(1j * np.angle(spectrum)), np.complex64)

    def counted(self) -> None:
        """Return None: this backend has no byte counters."""

    def _features(self, magnitude: Float32) -> Float32:
        """Return log2 magnitudes above the tracked floor, as `FloorTracker` but unrounded."""
        level = np.log2(magnitude / spec.MAGNITUDE.resolution + spec.LOG2_OFFSET)
        floor = level[0].copy() if self._floor is None else self._floor
        floors = np.empty_like(level)
        for t, now in enumerate(level):
            difference = now - floor
            floor = floor + np.maximum(difference, 0) * _RISE + np.minimum(difference, 0) * _FALL
            floors[t] = floor
        self._floor = floor
        return np.asarray(np.clip((level - floors) / _UNIT, -1, 1))
