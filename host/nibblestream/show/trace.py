"""Trace of one frame through the kernels, with all integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..network.lutmac import LutMac
from ..network.model import QuantizedModel
from ..speech import cordic, stft
from ..speech.context import Context
from ..speech.features import FloorTracker
from ..speech.front import speech_of
from ..speech.pipeline import Pipeline
from ..studies.bench.run import integers

Float = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Frame:
    """The integers of one frame, in the formats of `pipeline`.

    Parameters
    ----------
    spectrum, enhanced : int32, shape (129, 2)
        Before and after enhancement.
    magnitude, phase : int32, shape (129,)
        Outputs of `cordic_vectoring` for the spectrum.
    activations : tuple of int32, shape (width,)
        The inputs of the first layer, and the outputs of each layer.
    """

    spectrum: Int32
    magnitude: Int32
    phase: Int32
    activations: tuple[Int32, ...]
    enhanced: Int32


def frame(model: QuantizedModel, noisy: Float, number: int) -> Frame:
    """Trace one frame of a signal through a model.

    Parameters
    ----------
    model : QuantizedModel
    noisy : float64, shape (n,), 8 kHz
    number : int
        Index of the frame.
    """
    speech = speech_of(model)
    spectrum = integers(stft.stft(noisy, speech.window))[: number + 1]
    magnitude, phase = cordic.vectoring(spectrum)
    features = FloorTracker().process(magnitude) if speech.features == "log2" else magnitude
    activations = [Context(speech.context).stacked(features)]
    for layer in model.layers:
        activations.append(LutMac(layer)(activations[-1]))
    enhanced = Pipeline(model).process(spectrum)
    last = (spectrum[-1], magnitude[-1], phase[-1])
    return Frame(*last, tuple(each[-1].astype(np.int32) for each in activations), enhanced[-1])
