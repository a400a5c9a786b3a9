"""The normative integer pipeline: CORDIC, features, context, layers, head, CORDIC.

The overlay computes the same, frame by frame. The state is the tracked floor, the features of
earlier frames that the network sees with each, and what its layers remember, so the output is the
same for any division of a signal into blocks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import Float, IntArray, limit, round_scaled
from ..network.lutmac import Network
from ..network.model import QuantizedModel
from . import cordic
from .context import Context
from .features import FloorTracker
from .front import speech_of

Int32 = npt.NDArray[np.int32]


class Pipeline:
    """Evaluation of a quantized model on integer spectra.

    Parameters
    ----------
    model : QuantizedModel
    """

    def __init__(self, model: QuantizedModel) -> None:
        self._speech = speech_of(model)
        self._least_gain = self._speech.least_gain
        self._network = Network(model)
        self.reset()

    def reset(self) -> None:
        """Discard the state of previous frames."""
        self._network.reset()
        self._tracker = FloorTracker()
        self._context = Context(self._speech.context)

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
        x = self._network.process(self._context.stacked(self._features(magnitude)))
        return cordic.rotation(self._head(x, magnitude), phase)

    def _features(self, magnitude: Int32) -> Int32:
        return self._tracker.process(magnitude) if self._speech.features == "log2" else magnitude

    def _head(self, x: Int32, magnitude: Int32) -> Int32 | Float:
        """Return the output magnitude: the network's output, or its gain times `magnitude`."""
        if self._speech.head == "magnitude":
            return x
        gain = limit(x, self._least_gain, 1 << spec.GAIN.frac)
        return round_scaled(np.multiply(magnitude, gain, dtype=np.float64), spec.GAIN.frac)
