"""Nibblestream: neural networks with 4-bit weight codes, on PYNQ boards and on any computer."""

from .enhance.enhancer import Enhancer
from .network.float_model import FloatModel
from .network.model import QuantizedModel
from .predict.predictor import Predictor
from .quantize import quantize

__version__ = "0.2.0"
__all__ = [
    "Enhancer",
    "FloatModel",
    "Predictor",
    "QuantizedModel",
    "__version__",
    "quantize",
]
