"""K-means of weights, each weighted by the curvature of the output's error.

Choi, El-Khamy and Lee, *Towards the limit of network quantization*, 2017,
https://arxiv.org/abs/1612.01543, use the diagonal of the Hessian. Here it is approximated
(Gauss-Newton) by the second moment of the weight's input times the sensitivity of its neuron.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..network.lut import Lut
from ..network.scheme import Scheme
from .kmeans import kmeans
from .levels import best_lut
from .objective import LayerError

Float = npt.NDArray[np.float64]


def curvature(error: LayerError, *, feedback: bool) -> Float:
    """Return the curvature of the error in each weight, float64 (out, in).

    Parameters
    ----------
    error : LayerError
    feedback : bool
        True: ``1 / inv(H)[i, i]``, the curvature when the other weights of the neuron compensate
        for a change, as in `gptq` (optimal brain surgeon). False: ``H[i, i]``.
    """
    if feedback:
        cost = 1 / np.einsum("oii->oi", np.linalg.inv(error.hessian))
        importance = 1 / np.diag(np.linalg.inv(error.coupling))
    else:
        cost, importance = np.einsum("oii->oi", error.hessian), np.diag(error.coupling)
    return np.asarray(importance[:, None] * cost[:, : error.inputs])


def fisher_lut(error: LayerError, scheme: Scheme, k_max: int, *, feedback: bool) -> Lut:
    """Return the table from curvature-weighted k-means of the layer's target weights."""
    weights = error.target[:, : error.inputs]
    found = kmeans(weights, curvature(error, feedback=feedback), 1 << scheme.bits)
    return best_lut(*found, scheme, k_max)
