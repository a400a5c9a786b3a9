"""`Speech`: spectra before and after a network, as a property of its model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from ..network.float_model import FloatModel
from ..network.front import Front
from ..network.model import QuantizedModel
from ..network.rows import Rows
from .stft import WINDOWS

Header = dict[str, Any]

FEATURES: Final = {"magnitude": spec.MAGNITUDE, "log2": spec.FEATURE}
CONTEXTS: Final = (spec.CONTEXT, 1)  # frames
HEADS: Final = {"magnitude": spec.MAGNITUDE, "gain": spec.GAIN}
INPUTS: Final = spec.CONTEXT * spec.BINS  # oldest frame first


@dataclass(frozen=True)
class Speech(Front):
    """Speech enhancement: features of frames before the network, magnitudes after it.

    Parameters
    ----------
    features : {"log2", "magnitude"}
        Input of the first layer: 129 bins of each frame of the context, oldest first.
    head : {"gain", "magnitude"}
        Output of the last layer: 129 factors for the noisy magnitudes, or the magnitudes.
    gain_floor : float
        Smallest gain, 0 to 1.
    window : {128, 256}
        Samples of the Hann window, see `stft`: a latency of 16 or 32 ms.
    context : {8, 1}
        Frames that the network sees at once. Layers with memory need only one.

    Raises
    ------
    ValueError
        Features or head are unknown, or the gain floor, the window or the context is out of range.
    """

    raw: ClassVar[bool] = False
    features: str
    head: str
    gain_floor: float = 0.0
    window: int = spec.WINDOW
    context: int = spec.CONTEXT

    def __post_init__(self) -> None:
        if self.features not in FEATURES:
            raise ValueError(
                f"features are {self.features!r}; expected one of {', '.join(FEATURES)}"
            )
        if self.head not in HEADS:
            raise ValueError(f"head is {self.head!r}; expected one of {', '.join(HEADS)}")
        object.__setattr__(self, "gain_floor", float(self.gain_floor))
        if not 0 <= self.gain_floor <= 1:
            raise ValueError(f"gain_floor is {self.gain_floor}; expected 0 to 1")
        if self.window not in WINDOWS:
            raise ValueError(f"window is {self.window}; expected one of {WINDOWS} samples")
        if self.context not in CONTEXTS:
            raise ValueError(f"context is {self.context}; expected one of {CONTEXTS} frames")

    @property
    def input_format(self) -> QFormat:
        """Format of the features."""
        return FEATURES[self.features]

    @property
    def output_format(self) -> QFormat:
        """Format of gains or magnitudes."""
        return HEADS[self.head]

    @property
    def past(self) -> int:
        """Number of earlier frames that the network sees with each."""
        return self.context - 1

    @property
    def limits(self) -> tuple[float, float]:
        """Limits to which the pipeline clips gains or magnitudes."""
        return (self.gain_floor, 1.0) if self.head == "gain" else (0.0, np.inf)

    @property
    def least_gain(self) -> int:
        """The gain floor in `spec.GAIN`."""
        return int(spec.GAIN.from_float(self.gain_floor))

    def in_integers(self) -> Speech:
        """Return this front with the gain floor rounded to `spec.GAIN`."""
        return replace(self, gain_floor=self.least_gain * spec.GAIN.resolution)

    def check(self, inputs: int, outputs: int) -> None:
        """Raise ValueError unless networks of these widths fit."""
        expected = self.context * spec.BINS
        if (inputs, outputs) != (expected, spec.BINS):
            raise ValueError(
                f"the network has {inputs} inputs and {outputs} outputs; for speech, expected "
                f"{expected} inputs (129 bins of each of {self.context} frames, oldest first) and "
                f"{spec.BINS} outputs, one per bin"
            )

    def norm(self, inputs: int) -> float:
        """Return a bound on the Euclidean norm of the network's input for full-scale audio.

        By Parseval's theorem, the squared magnitudes of a frame's 256 bins sum to at most
        ``256 * sum(hann**2)``, of which the network uses only 129 bins; log2 features are within
        +-1. The mean square of a Hann window is 3/8.
        """
        energy = spec.FFT * 3 / 8 * spec.WINDOW**2 / self.window
        per_frame = energy if self.features == "magnitude" else spec.BINS
        return math.sqrt(self.context * per_frame)

    def row_weights(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the weight of each frame in errors of the outputs, with a mean of 1.

        Errors of gains have equal weight in all frames. Errors of magnitudes are weighted by the
        inverse of the frame's energy; otherwise the loudest frames would dominate.
        """
        if self.head == "gain":
            return np.ones(len(inputs), np.float32)
        energy = np.mean(inputs**2, axis=1)
        weight = 1 / (energy + 1e-3 * energy.mean() + 1e-12)
        return np.asarray(weight / weight.mean(), np.float32)

    def rows(self, inputs: int, outputs: int) -> tuple[Rows, Rows]:
        """Return the layout of spectra in memory, the same before and after (SPECTRUM_BEAT)."""
        spectra = Rows((spec.BINS, 2), spec.SPECTRUM_BEAT["re"].bits)
        return spectra, spectra

    def fields(self, inputs: int) -> dict[str, int]:
        """Return the front's fields of `spec.MODEL_BEAT`."""
        log2, gain = self.features == "log2", self.head == "gain"
        single = self.context == 1
        return {
            "log2": int(log2),
            "gain": int(gain),
            "single": int(single),
            "gain_floor": self.least_gain,
        }

    def entries(self, kind: str) -> Header:
        """Return the front's fields in the header of a model file; quantized gains in `GAIN`."""
        floor = self.least_gain if kind == "quantized" else self.gain_floor
        entries: Header = {"features": self.features, "head": self.head, "gain_floor": floor}
        # Fields that earlier versions do not write are omitted at their defaults.
        if self.window != spec.WINDOW:
            entries["window"] = self.window
        if self.context != spec.CONTEXT:
            entries["context"] = self.context
        return entries

    @classmethod
    def read(cls, header: Header) -> Speech | None:
        """Return the front of a model file's header; None if it has another kind of front."""
        if "features" not in header:
            return None
        floor = header["gain_floor"]
        if isinstance(floor, int):  # in a quantized model
            floor *= spec.GAIN.resolution
        window, context = header.get("window", spec.WINDOW), header.get("context", spec.CONTEXT)
        return cls(header["features"], header["head"], floor, window, context)

    def __str__(self) -> str:
        floor = f", gain floor {self.gain_floor:g}" if self.head == "gain" else ""
        frames = "" if self.context == spec.CONTEXT else f", {self.context} frame at a time"
        window = "" if self.window == spec.WINDOW else f", window of {self.window} samples"
        return f"speech: {self.features} in, {self.head} out{floor}{window}{frames}"


def speech_of(model: FloatModel | QuantizedModel) -> Speech:
    """Return the front of a model for speech; raise ValueError if it has another front."""
    if not isinstance(model.front, Speech):
        raise ValueError(
            f"{model.name} takes rows of {model.inputs} numbers, not speech: use Predictor, or "
            "'nibblestream predict'"
        )
    return model.front
