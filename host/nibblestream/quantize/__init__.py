"""Float weights to low-bit codes and their look-up table (paper, section 2)."""

from ..lut import Lut
from ..scheme import Scheme
from .intervals import Intervals, QuantizedWeights
from .network import quantize
from .weights import quantize_weights

__all__ = ["Intervals", "Lut", "QuantizedWeights", "Scheme", "quantize", "quantize_weights"]
