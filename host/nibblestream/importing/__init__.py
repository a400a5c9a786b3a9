"""Networks from PyTorch and ONNX as float models (extras: train for PyTorch, onnx for ONNX)."""

from .build import from_onnx, from_torch

__all__ = ["from_onnx", "from_torch"]
