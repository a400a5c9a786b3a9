"""One frame on its way through the kernels: every integer, so that it can be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.lutmac import LutMac
from ..network.model import QuantizedModel
from ..speech import cordic, stft
from ..speech.features import FloorTracker
from ..speech.pipeline import Pipeline, stack
from ..studies.bench.run import integers

Float = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame; the formats are those of `pipeline`.

    Parameters
    ----------
    spectrum, enhanced : int32, shape (129, 2)
        Before and after.
    magnitude, phase : int32, shape (129,)
        What `cordic_vectoring` makes of the spectrum.
    activations : tuple of int32, shape (width,)
        What goes into the first layer (8 frames of features), and what each layer gives.
    """

    spectrum: Int32
    magnitude: Int32
    phase: Int32
    activations: tuple[Int32, ...]
    enhanced: Int32


def frame(model: QuantizedModel, noisy: Float, number: int) -> Frame:
    """Follow one frame of a signal through a model.

    Parameters
    ----------
    model : QuantizedModel
    noisy : float64, shape (n,), 8 kHz
    number : int
        Of the frame, 7 or more, as it sees seven frames before it.
    """
    spectrum = integers(stft.stft(noisy))[: number + 1]
    magnitude, phase = cordic.vectoring(spectrum)
    features = FloorTracker().process(magnitude) if model.features == "log2" else magnitude
    x = stack(features[-1:], features[-spec.CONTEXT : -1])
    activations = [x]
    for layer in model.layers:
        activations.append(LutMac(layer)(activations[-1]))
    enhanced = Pipeline(model).process(spectrum)
    last = (spectrum[-1], magnitude[-1], phase[-1])
    return Frame(*last, tuple(each[0].astype(np.int32) for each in activations), enhanced[-1])
