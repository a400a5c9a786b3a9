"""Float weights to low-bit codes and their look-up table (paper, section 2, and beyond).

`quantize` is here; all else is imported from its module when it is first asked for, as a program
that runs a quantized model needs none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    calibration: Calibration | None = None,
    budget: int | None = None,
) -> QuantizedModel:
    """Quantize a trained network; biases become 8-bit uniform.

    Every parameter but the last two is one value for all layers or a sequence with one for each,
    as in ``quantize(model, ("rs-vbs", "u"), (4, 8))``, the paper's 4-NU/8-U.

    ============= ==========================================================================
    scheme        how levels and codes are found
    ============= ==========================================================================
    u, u-vbs      uniform, without and with virtual bit shift (paper, section 5)
    rs, rs-vbs    range split (paper, section 2): the mean of each interval
    rs-vbs-asym   rs-vbs, with tails, p_start and p_stop searched for each layer
    kmeans        exact k-means of the weights, nearest codes
    fisher        the same, weights weighted by curvature (calibration)
    gptq          and codes assigned in order with error feedback (calibration)
    refit         and tables and codes fitted in turn to the layer's outputs (calibration)
    distil        and tables and biases tuned on the network's outputs (calibration)
    auto          distil on hidden units scaled for it; without calibration, kmeans
    ============= ==========================================================================

    Parameters
    ----------
    model : FloatModel
        Weights and biases within +-1.
    scheme : str
        One of those above.
    bits : int
        n, the width of a code: 2, 3, 4, or 8 (uniform schemes only).
    m : int
        Width of a LUT entry, `bits` to 8.
    k : int, optional
        Virtual bit shift; None finds the largest that the weights and the accumulator allow, or
        from kmeans on the best.
    ratio : float
        Internal over external intervals; range split only.
    p_start, p_stop : float
        Where the internal partition begins and ends in the weights' distribution; range split
        only, and where rs-vbs-asym begins to search.
    calibration : Calibration, optional
        Noisy speech; schemes from fisher on need it.
    budget : int, optional
        Bytes of all codes: chooses `bits` for each layer by the error each causes at the output,
        which takes calibration. Layers of 8 bits become u-vbs.

    Returns
    -------
    QuantizedModel

    Raises
    ------
    TypeError
        The model is no FloatModel, or bits, m or k is not a whole number.
    ValueError
        A parameter out of range or not one for each layer; weights beyond +-1; an accumulator
        that could overflow; the layer is named. No calibration for what needs it, or a budget
        too small for any widths.
    """
    from .layerwise import quantized

    given: dict[str, Any] = {"name": scheme, "bits": bits, "m": m, "k": k}
    given.update(ratio=ratio, p_start=p_start, p_stop=p_stop)
    return quantized(model, given, calibration, budget)
