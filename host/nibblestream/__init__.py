"""Nibblestream: neural networks that run from 4-bit codes, on PYNQ boards and off them."""

import warnings

from .enhancer import Enhancer
from .float_model import FloatModel
from .model import QuantizedModel
from .quantize import quantize

__version__ = "0.1.0"
__all__ = ["Enhancer", "FloatModel", "QuantizedModel", "__version__", "quantize"]

# `python -m nibblestream.spec` runs a module that the lines above imported; it holds no state.
warnings.filterwarnings("ignore", "'nibblestream.spec' found in sys.modules", RuntimeWarning)
