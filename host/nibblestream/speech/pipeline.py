"""The normative integer pipeline: CORDIC, features, context, layers, head, CORDIC.

The overlay computes the same, frame by frame. The state is the tracked floor and the features of
the last seven frames, so the output is the same for any division of a signal into blocks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray, round_shift
from ..network.lutmac import Network
from ..network.model import QuantizedModel
from . import cordic
from .features import FloorTracker
from .front import speech_of

Int32 = npt.NDArray[np.int32]


def stack(frames: npt.NDArray[np.generic], context: npt.NDArray[np.generic]) -> IntArray:
    """Concatenate each frame with the seven before it, oldest first.

    Parameters
    ----------
    frames : shape (n, 129)
    context : shape (7, 129)
        The seven frames before `frames`.

    Returns
    -------
    shape (n, 1032)
    """
    past = np.concatenate([context, frames])
    windows = np.lib.stride_tricks.sliding_window_view(past, spec.CONTEXT, axis=0)
    return windows.transpose(0, 2, 1).reshape(len(frames), spec.CONTEXT * spec.BINS)


class Pipeline:
    """Evaluation of a quantized model on integer spectra.

    Parameters
    ----------
    model : QuantizedModel
    """

    def __init__(self, model: QuantizedModel) -> None:
        self._speech = speech_of(model)
        self._network = Network(model)
        self.reset()

    def reset(self) -> None:
        """Discard the state of previous frames."""
        self._network.reset()
        self._tracker = FloorTracker()
        self._context = np.zeros((spec.CONTEXT - 1, spec.BINS), np.int32)

    def process(self, spectrum: IntArray) -> Int32:
        """Enhance the next frames.

        Parameters
        ----------
        spectrum : int32, shape (frames, 129, 2)
            Real and imaginary parts in `spec.SPECTRUM`.

        Returns
        -------
        int32, same shape and format
        """
        magnitude, phase = cordic.vectoring(spectrum)
        x = self._network.process(self._stack(self._features(magnitude)))
        return cordic.rotation(self._head(x, magnitude), phase)

    def _features(self, magnitude: Int32) -> Int32:
        return self._tracker.process(magnitude) if self._speech.features == "log2" else magnitude

    def _stack(self, features: Int32) -> IntArray:
        stacked = stack(features, self._context)
        self._context = np.concatenate([self._context, features])[1 - spec.CONTEXT :]
        return stacked

    def _head(self, x: Int32, magnitude: Int32) -> IntArray:
        """Return the output magnitude: the network's output, or its gain times `magnitude`."""
        if self._speech.head == "magnitude":
            return x
        gain = np.clip(x, self._speech.least_gain, 1 << spec.GAIN.frac)
        return round_shift(magnitude.astype(np.int64) * gain, spec.GAIN.frac)
