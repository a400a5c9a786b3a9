"""Error of one layer's outputs, as a quadratic form of its weights.

For inputs x, target outputs z and weights V, an output's error is ``mean(s (z - V x)**2)`` over the
frames, where s is the sensitivity of an output in a frame. For each output this equals
``(V* - V) H (V* - V)'`` plus a constant, with ``H = mean(s x x')`` and V* the least-squares
solution. The inputs x come from the quantized layers before, so V* also compensates their errors.

Errors of a hidden layer's outputs add up in the layers after it. All outputs share the H of the
mean s, and with C, the mean products of the outputs' effects on the network's outputs, the error
is ``trace(C (V* - V) H (V* - V)')`` (Martens and Grosse, *Optimizing neural networks with
Kronecker-factored approximate curvature*, 2015, https://arxiv.org/abs/1503.05671). The last layer's
outputs do not interact: each has its own H, if those are small enough, which leaves out rows where
the limits of the front block the output; otherwise they share one, and C is diagonal.

Biases are the weights of an additional input that is always 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]

DAMPING = 0.01  # times the mean diagonal of H, added to its diagonal because frames are few
ENOUGH = 16  # rows per column; with fewer, H says little of other rows, and more is added:
SHRINK = 0.4  # times what columns per row are above that
OWN = 10_000_000  # most entries of all H together, if each output has its own
FRAMES = 16384  # most frames used for an output's own H


@dataclass(frozen=True, eq=False)
class LayerError:
    """Quadratic error of a layer's outputs as a function of its weights and biases.

    Parameters
    ----------
    target : float64, shape (out, columns)
        V*; columns are the inputs, and one for the bias if the layer has one.
    hessian : float64, shape (out or 1, columns, columns)
        H of each output, or one H for all; positive definite.
    coupling : float64, shape (out, out)
        Factors of the products of two outputs' errors; diagonal if each H is an output's own.
    inputs : int
        Number of columns that hold weights.
    """

    target: Float
    hessian: Float
    coupling: Float
    inputs: int

    @property
    def coupled(self) -> bool:
        """Whether outputs interact."""
        return np.count_nonzero(self.coupling) > len(self.coupling)

    def of(self, values: Float) -> float:
        """Return the error of weights and biases (out, columns), zero or more."""
        difference = self.target - values
        return float(np.vdot(self.slope(difference), difference))

    def slope(self, rows: Float) -> Float:
        """Return half the slope of the error at a difference (out, columns) from the target."""
        return np.asarray(self.coupling @ self.times(rows))

    def in_units(self, exponent: int) -> LayerError:
        """Return the same error as a function of values in units of 2**exponent."""
        if exponent == 0:
            return self
        target, hessian = np.ldexp(self.target, -exponent), np.ldexp(self.hessian, 2 * exponent)
        return replace(self, target=target, hessian=hessian)

    def times(self, rows: Float) -> Float:
        """Multiply each row of `rows` (out, columns) by the H of its output."""
        if len(self.hessian) == 1:
            return np.asarray(rows @ self.hessian[0])
        return np.asarray((rows[:, None] @ self.hessian)[:, 0])


def layer_error(
    values: Float,
    inputs: Float32,
    outputs: Float32,
    sensitivity: Float32,
    coupling: Float | None,
    biased: bool,
) -> LayerError:
    """Compute the quadratic error of a layer from calibration frames.

    Parameters
    ----------
    values : float64, shape (out, in) or (out, in + 1)
        Float weights, and biases in the last column if `biased`.
    inputs : float32, shape (frames, in)
        Outputs of the (quantized) layers before.
    outputs : float32, shape (frames, out)
        Target outputs: those of the float network, before ReLU.
    sensitivity : float32, shape (frames, out)
        s of each output in each frame, zero or more.
    coupling : float64, shape (out, out), optional
        Mean products of the outputs' effects on the network's; None if outputs do not interact.
    biased : bool
        Whether the layer has biases.
    """
    count = inputs.shape[1]
    x = np.pad(inputs, ((0, 0), (0, 1)), constant_values=1) if biased else inputs
    residual = outputs - x @ values.T.astype(np.float32)
    columns = x.shape[1]
    if coupling is None and len(values) * columns**2 <= OWN:
        hessian, gradient = _per_output(x, residual, sensitivity)
        coupling = np.eye(len(values))
    else:
        hessian, gradient = _shared(x, residual, sensitivity.mean(axis=1))
        if coupling is None:
            coupling = np.diag(sensitivity.mean(axis=0, dtype=np.float64))
    mean = np.trace(hessian, axis1=1, axis2=2) / columns
    damping = max(DAMPING, SHRINK * (columns / len(x) - 1 / ENOUGH))
    hessian += (damping * mean + 1e-12 * (mean.max() or 1.0))[:, None, None] * np.eye(columns)
    if len(hessian) == 1:
        correction = np.linalg.solve(hessian[0], gradient.T).T
    else:
        correction = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
    return LayerError(values + correction, hessian, coupling, count)


def _per_output(x: Float32, residual: Float32, s: Float32) -> tuple[Float, Float]:
    """Return each output's mean of s x x' and of s r x, from frames where s is not zero."""
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
    """Return the mean of s x x', and of s r x for each output, with s scaled to a mean of 1."""
    weighted = x * (s / (s.mean() or 1.0))[:, None]
    scale = 1 / len(x)
    hessian = (x.T @ weighted).astype(np.float64)[None] * scale
    return hessian, (residual.T @ weighted).astype(np.float64) * scale
