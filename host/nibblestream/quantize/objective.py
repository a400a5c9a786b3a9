"""The error of one layer's outputs, as a quadratic form of its weights.

Where the outputs should be z for inputs x, weights V cost ``sum(s (z - V x)**2)`` over the
frames: s says how much an output matters in a frame. That is ``(V* - V) H (V* - V)'`` for each
output and a constant, with ``H = mean(s x x')`` and V* its least-squares solution. As x are the
inputs that the quantized layers before give, V* also makes up for what those layers lost.

Each output has an H of its own, which knows in which frames its ReLU or the gain's limits hide it,
if they are small enough together; else all share the H of the mean s, each with its own factor.
Biases are the weights of one more input that is always 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]

DAMPING = 0.01  # of the mean diagonal of H, added to all of it: frames are few
OWN = 10_000_000  # most entries of all outputs' own H
FRAMES = 4096  # most frames behind each output's own H


@dataclass(frozen=True, eq=False)
class LayerError:
    """What weights cost at a layer's outputs.

    Parameters
    ----------
    target : float64, shape (out, columns)
        V*; columns are the inputs, and one for the bias if the layer has one.
    hessian : float64, shape (out or 1, columns, columns)
        Of each output, or one for all; positive definite.
    importance : float64, shape (out,)
        Factor of each output's error.
    inputs : int
        Columns that hold weights.
    """

    target: Float
    hessian: Float
    importance: Float
    inputs: int

    def of(self, values: Float) -> float:
        """Return the error of weights and biases (out, columns), zero or more."""
        difference = self.target - values
        return float(self.importance @ (self.times(difference) * difference).sum(axis=1))

    def times(self, rows: Float) -> Float:
        """Multiply each output's row of (out, columns) with its H."""
        if len(self.hessian) == 1:
            return np.asarray(rows @ self.hessian[0])
        return np.asarray((rows[:, None] @ self.hessian)[:, 0])


def layer_error(
    values: Float, inputs: Float32, outputs: Float32, sensitivity: Float32, biased: bool
) -> LayerError:
    """Measure a layer on calibration frames.

    Parameters
    ----------
    values : float64, shape (out, in) or (out, in + 1)
        Float weights, and biases in the last column if `biased`.
    inputs : float32, shape (frames, in)
        As the layers before give them, quantized.
    outputs : float32, shape (frames, out)
        What the float network has here, before ReLU.
    sensitivity : float32, shape (frames, out)
        Importance s of each, zero or more.
    """
    count = inputs.shape[1]
    x = np.pad(inputs, ((0, 0), (0, 1)), constant_values=1) if biased else inputs
    residual = outputs - x @ values.T.astype(np.float32)
    columns = x.shape[1]
    if len(values) * columns**2 <= OWN:
        hessian, gradient = _own(x, residual, sensitivity)
        importance = np.ones(len(values))
    else:
        hessian, gradient = _shared(x, residual, sensitivity.mean(axis=1))
        importance = sensitivity.mean(axis=0, dtype=np.float64)
    mean = np.trace(hessian, axis1=1, axis2=2) / columns
    hessian += (DAMPING * mean + 1e-12 * (mean.max() or 1.0))[:, None, None] * np.eye(columns)
    if len(hessian) == 1:
        correction = np.linalg.solve(hessian[0], gradient.T).T
    else:
        correction = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
    return LayerError(values + correction, hessian, importance, count)


def _own(x: Float32, residual: Float32, s: Float32) -> tuple[Float, Float]:
    """Return each output's mean of s x x' and s r x, over frames where s is not zero."""
    hessian = np.zeros((s.shape[1], x.shape[1], x.shape[1]))
    gradient = np.zeros((s.shape[1], x.shape[1]))
    for row in range(s.shape[1]):
        seen = np.flatnonzero(s[:, row])
        some = seen[:FRAMES]
        scale = len(seen) / max(len(some), 1) / len(s)
        weighted = x[some] * s[some, row, None]
        hessian[row] = scale * (x[some].T @ weighted)
        gradient[row] = scale * (residual[some, row] @ weighted)
    return hessian, gradient


def _shared(x: Float32, residual: Float32, s: Float32) -> tuple[Float, Float]:
    """Return the mean of s x x' and, for each output, of s r x, with s scaled to a mean of 1."""
    weighted = x * (s / (s.mean() or 1.0))[:, None]
    scale = 1 / len(x)
    hessian = (x.T @ weighted).astype(np.float64)[None] * scale
    return hessian, (residual.T @ weighted).astype(np.float64) * scale
