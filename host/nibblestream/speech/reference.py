"""Float64 pipeline for float models; the reference that the integer pipeline approximates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..geometry import DEFAULT
from ..network.float_model import FloatModel
from ..network.float_network import FloatNetwork
from .context import Context
from .front import speech_of

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

_UNIT = 2.0**spec.FEATURE.frac / 2.0**spec.LOG2_FRAC  # octaves at a feature value of 1


class FloatPipeline:
    """Evaluation of a float model on complex spectra, with the interface of `pipeline.Pipeline`.

    Parameters
    ----------
    model : FloatModel
    """

    one_at_a_time = False
    geometry, block = DEFAULT, spec.MAX_BLOCK  # as the emulation has; nothing depends on them

    def __init__(self, model: FloatModel) -> None:
        self._network, self._speech = FloatNetwork(model), speech_of(model)
        self.reset()

    def reset(self) -> None:
        """Discard the state of previous frames."""
        self._network.reset()
        self._floor: Float | None = None
        self._context = Context(self._speech.context, np.float64)

    def counted(self) -> None:
        """Return None: this backend counts no memory traffic."""

    def close(self) -> None:
        """Do nothing: there are no resources to release."""

    def process(self, spectrum: Complex) -> Complex:
        """Enhance the next frames: complex (frames, 129) in and out, scaled as in `stft`."""
        magnitude = np.abs(spectrum)
        features = (
            self._log2_over_floor(magnitude) if self._speech.features == "log2" else magnitude
        )
        x = np.ascontiguousarray(self._context.stacked(features))  # BLAS rejects overlapping rows
        x = self._network.process(x)
        if self._speech.head == "gain":
            return np.asarray(spectrum * np.clip(x, *self._speech.limits))
        return np.asarray(np.maximum(x, 0) * np.exp(1j * np.angle(spectrum)))

    def _log2_over_floor(self, magnitude: Float) -> Float:
        """Return the features of `features.FloorTracker` without rounding."""
        level = np.log2(magnitude / spec.MAGNITUDE.resolution + spec.LOG2_OFFSET)
        floors = np.empty_like(level)
        floor = level[0] if self._floor is None else self._floor
        for t, now in enumerate(level):
            speed = np.where(now > floor, 2.0**-spec.FLOOR_RISE, 2.0**-spec.FLOOR_FALL)
            floor = floors[t] = floor + speed * (now - floor)
        self._floor = floor
        return np.asarray(np.clip((level - floors) / _UNIT, -1, 1))
