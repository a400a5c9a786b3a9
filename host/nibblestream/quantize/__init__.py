"""Float weights to low-bit codes and their look-up table (paper, section 2, and beyond)."""

from ..lut import Lut
from ..scheme import Scheme
from .calibration import Calibration
from .intervals import Intervals, QuantizedWeights
from .levels import best_lut, lut_at, nearest_codes
from .network import quantize
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
