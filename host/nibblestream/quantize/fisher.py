"""K-means that knows which weights matter: levels weighted by the curvature of the output's error.

Choi, El-Khamy and Lee, *Towards the limit of network quantization*, 2017,
https://arxiv.org/abs/1612.01543: the diagonal of the Hessian weighs each weight. Here that is the
second moment of its input times what the output sees of its neuron (Gauss-Newton).
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
    """Return what moving each weight costs, float64 (out, in).

    Parameters
    ----------
    error : LayerError
    feedback : bool
        Whether the other weights of the neuron then make up for it, as in `gptq`: the cost is
        ``1 / inv(H)[i, i]`` (optimal brain surgeon), else ``H[i, i]``.
    """
    if feedback:
        cost = 1 / np.einsum("oii->oi", np.linalg.inv(error.hessian))
    else:
        cost = np.einsum("oii->oi", error.hessian)
    return np.asarray(error.importance[:, None] * cost[:, : error.inputs])


def fisher_lut(error: LayerError, scheme: Scheme, k_max: int, *, feedback: bool) -> Lut:
    """Return the table of curvature-weighted k-means of the layer's target weights."""
    weights = error.target[:, : error.inputs]
    found = kmeans(weights, curvature(error, feedback=feedback), 1 << scheme.bits)
    return best_lut(*found, scheme, k_max)
