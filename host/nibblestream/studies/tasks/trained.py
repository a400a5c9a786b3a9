"""A trained network with its rows, and its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...network.float_model import FloatModel

Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """A network trained with one seed, and its rows.

    Parameters
    ----------
    model : FloatModel
    calibration, test : float64 (n, inputs)
        Inputs of the rows it was trained on, and of others.
    targets : int or float64 (n,)
        Classes, or standardized numbers, of the test rows.
    regression : bool
    """

    model: FloatModel
    calibration: Float
    test: Float
    targets: npt.NDArray[Any]
    regression: bool

    def score(self, outputs: Float) -> float:
        """Return the accuracy in percent, or R2, of the outputs (n, outputs) for the test rows."""
        if self.regression:
            residual = np.mean((outputs[:, 0] - self.targets) ** 2)
            return float(1 - residual / np.var(self.targets))
        return float(100 * np.mean(classes(outputs) == self.targets))


def classes(outputs: Float) -> npt.NDArray[np.int64]:
    """Return the predicted class of each row: the largest output, or whether one exceeds 1/2."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1))
