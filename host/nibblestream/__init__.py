"""Nibblestream: neural networks that run from 4-bit codes, on PYNQ boards and off them."""

from .enhance.enhancer import Enhancer
from .network.float_model import FloatModel
from .network.model import QuantizedModel
from .quantize import quantize

__version__ = "0.2.0"
__all__ = ["Enhancer", "FloatModel", "QuantizedModel", "__version__", "quantize"]
