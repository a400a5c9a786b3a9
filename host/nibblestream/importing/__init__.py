"""Import of PyTorch and ONNX networks (extras: train for PyTorch, onnx for ONNX)."""

from .build import from_onnx, from_torch

__all__ = ["from_onnx", "from_torch"]
