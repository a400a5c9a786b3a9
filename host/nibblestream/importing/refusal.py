"""Reasons why an operation or a file is refused, in one line that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

SUPPORTED = (
    "fully connected layers, GRUs, ReLU, ReLU6, clips, LeakyReLU, sigmoid, tanh, hard sigmoid, "
    "batch normalisation, dropout, and what scales, shifts or rearranges values by constants"
)

NO_OUTPUT = (
    "is the last state of a GRU, or another output that is not supported; expected the first one, "
    "which for a GRU are the outputs of all steps"
)

# Pattern of operations' names, in lower case, to the reason.
_REASONS = {
    r"softmax": "depends on all values: remove it, the largest output is the same without it",
    r"hard_?swish": "multiplies computed values; train with ReLU6 or a hard sigmoid",
    r"batch_norm": "uses statistics of the batch; expected running statistics",
    r"norm": "normalises by statistics of its own input, which no weights can hold; train with "
    "batch normalisation, which is folded into a layer",
    r"conv(\d|olution|$)": "shares weights between positions; expected fully connected layers",
    r"pool": "belongs to convolutional networks; expected fully connected layers",
    r"gru_?cell": "computes one step and keeps no state: use a GRU over whole sequences",
    r"lstm|gru|rnn": "keeps a state that no layer here has; expected a GRU in one direction, from "
    "PyTorch or ONNX, over whole sequences",
    r"attention": "multiplies computed values; expected fully connected layers",
    r"quantize": "quantizes computed values; export the network without that, quantize it here",
    r"\bcat\b|concat|stack": "joins branches; expected a chain without branches",
}

_FILES = {
    **dict.fromkeys(
        (".pt", ".pth", ".ckpt", ".bin"),
        "a PyTorch file, and opening one can run code: load it into its module in Python and call "
        "nibblestream.importing.from_torch, or export the module with torch.onnx.export",
    ),
    **dict.fromkeys(
        (".jit", ".pt2"),
        "a TorchScript or exported program: load it with torch.jit.load or torch.export.load and "
        "call nibblestream.importing.from_torch",
    ),
    ".safetensors": "weights alone, which do not say how the network computes: load them into "
    "their module and call nibblestream.importing.from_torch",
    **dict.fromkeys(
        (".h5", ".hdf5", ".keras"),
        "a Keras file: load it with keras.models.load_model and call "
        "nibblestream.importing.from_keras, or write ONNX with model.export(..., format='onnx')",
    ),
    ".pb": "a TensorFlow graph: convert it to ONNX with tf2onnx",
    ".tflite": "a TensorFlow Lite file: convert it to ONNX with tf2onnx, from float weights",
    **dict.fromkeys(
        (".pkl", ".pickle", ".joblib"),
        "a pickle, and opening one can run code: load it in Python and call "
        "nibblestream.importing.from_sklearn or from_torch",
    ),
    ".npz": "an array file: build a nibblestream.FloatModel from the arrays",
    ".npy": "an array file: build a nibblestream.FloatModel from the arrays",
}


def unsupported(operation: str) -> ValueError:
    """Return the error for an operation that no layer can compute."""
    for pattern, reason in _REASONS.items():
        if re.search(pattern, operation.lower()):
            return ValueError(f"{operation} {reason}")
    return ValueError(f"{operation} is not supported; expected {SUPPORTED}")


def advice(path: str | Path) -> str | None:
    """Return what to do with a file that is not ONNX by its name, or None."""
    reason = _FILES.get(Path(path).suffix.lower())
    return None if reason is None else f"{path} is {reason}"


def first_line(error: BaseException) -> str:
    """Return the first line of an error of another library, or the last one of TorchScript's."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if "data-dependent" in lines[0]:
        return "its steps depend on the values of its inputs, by an if, a loop or an index"
    return lines[-1 if "in the TorchScript interpreter" in lines[0] else 0].strip().rstrip(".")
