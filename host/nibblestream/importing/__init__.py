"""Import of networks from PyTorch, ONNX, Keras and scikit-learn (extras: torch, onnx)."""

from .build import from_keras, from_onnx, from_sklearn, from_torch

__all__ = ["from_keras", "from_onnx", "from_sklearn", "from_torch"]
