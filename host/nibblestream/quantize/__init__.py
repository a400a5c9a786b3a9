"""Quantization of float weights to low-bit codes and look-up tables (paper, section 2, and more).

`quantize` is defined here; the other names are imported on first access, because a program that
only runs a quantized model does not need them. Import them with ``from``: the function has the
package's name, so `nibblestream.quantize` is the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from .. import spec
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel

if TYPE_CHECKING:
    from ..network.lut import Lut
    from ..network.scheme import Scheme
    from .calibration import Calibration
    from .intervals import Intervals, QuantizedWeights
    from .levels import best_lut, lut_at, nearest_codes
    from .weights import quantize_weights

__all__ = [
    "Calibration",
    "Intervals",
    "Lut",
    "QuantizedWeights",
    "Scheme",
    "best_lut",
    "lut_at",
    "nearest_codes",
    "quantize",
    "quantize_weights",
]
_MODULES = {
    "Calibration": ".calibration",
    "Intervals": ".intervals",
    "Lut": "..network.lut",
    "QuantizedWeights": ".intervals",
    "Scheme": "..network.scheme",
    "best_lut": ".levels",
    "lut_at": ".levels",
    "nearest_codes": ".levels",
    "quantize_weights": ".weights",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def quantize(
    model: FloatModel,
    scheme: str | Sequence[str] = "rs-vbs",
    bits: int | Sequence[int] = 4,
    *,
    m: int | Sequence[int] = spec.MANTISSA_BITS,
    k: int | Sequence[int | None] | None = None,
    ratio: float | Sequence[float] = 1.0,
    p_start: float | Sequence[float] = 0.04,
    p_stop: float | Sequence[float] = 0.96,
    calibration: Calibration | npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    budget: int | None = None,
    activation_bits: int = spec.ACTIVATION_BITS,
) -> QuantizedModel:
    """Quantize a trained network; biases become uniform, of 8 bits, or 16 if it is scaled.

    Each of `scheme` to `p_stop` is one value for all layers or a sequence with one value per layer,
    as in ``quantize(model, ("rs-vbs", "u"), (4, 8))``, the paper's 4-NU/8-U.

    ============= ==========================================================================
    scheme        how levels and codes are found
    ============= ==========================================================================
    u, u-vbs      uniform, without and with virtual bit shift (paper, section 5)
    rs, rs-vbs    range split (paper, section 2): the mean of each interval
    rs-vbs-asym   rs-vbs, with tails, p_start and p_stop searched for each layer
    kmeans        exact k-means of the weights, nearest codes
    fisher        k-means weighted by curvature, nearest codes (calibration)
    gptq          like fisher, but codes assigned in order with error feedback (calibration)
    refit         table and codes fitted in turn to the layer's outputs, with error feedback over
                  inputs and outputs, and a search among codes (calibration)
    distil        refit, then tables and biases tuned on the network's outputs (calibration)
    auto          distil after scaling the hidden units for it, or whichever scheme of this table
                  has the least error in integers on the calibration; without one, kmeans
    ============= ==========================================================================

    Parameters
    ----------
    model : FloatModel
        Weights and biases within +-1, or of any size if it is scaled.
    scheme : str
        A scheme of the table above.
    bits : int
        n, the width of a code: 2, 3, 4 or 8. Codes of 8 bits have no table, so such layers become
        uniform, whatever the scheme: u in place of the range splits, u-vbs in place of the others.
    m : int
        Width of a LUT entry, `bits` to 8.
    k : int, optional
        Virtual bit shift. By default the largest that the weights and the accumulator allow; for
        kmeans and the schemes below it in the table, the one with the least error.
    ratio : float
        Number of internal over external intervals; range split only.
    p_start, p_stop : float
        Start and end of the internal partition in the weights' distribution; range split only.
        rs-vbs-asym starts its search from them.
    calibration : Calibration, float (n, inputs) or list of float (n, inputs), optional
        Noisy speech, or for other networks rows of inputs, like those that the network will be
        given; required by fisher, gptq, refit and distil. Rows also set the ranges of inputs and,
        where bounds are far from what is seen, of activations. A network with memory runs through
        the rows of an array as one sequence, through a list of arrays from an empty state each.
    budget : int, optional
        Upper limit of the bytes of all codes. `bits` is then ignored and chosen for each layer by
        the error at the network's output, which requires calibration. 8-bit layers become u-vbs.
    activation_bits : int
        Most bits of an activation: 25, or 18 for kernels with narrower memories (`Geometry.bits`).

    Returns
    -------
    QuantizedModel

    Raises
    ------
    TypeError
        The model is not a FloatModel; bits, m or k is not a whole number; calibration is of the
        wrong kind.
    ValueError
        A parameter is out of range or its sequence has not one value per layer; weights exceed
        +-1; an accumulator could overflow (the message names the layer); a scheme or a budget
        needs calibration and there is none; the budget is less than 2 bits for each weight; the
        inputs do not fit the activations' bits.
    """
    from .layerwise import quantized
    from .narrow import narrowed

    given: dict[str, Any] = {"name": scheme, "bits": bits, "m": m, "k": k}
    given.update(ratio=ratio, p_start=p_start, p_stop=p_stop)
    return narrowed(quantized(model, given, calibration, budget), activation_bits)
