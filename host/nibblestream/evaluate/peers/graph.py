"""ONNX graphs that packages carry, run on one thread by ONNX Runtime.

They are found as a distribution's files, without importing its code, and so without the
frameworks which that code is a plug-in of.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path

import onnxruntime


def path(distribution: str, name: str) -> Path:
    """Return the path of a distribution's file of this name.

    Raises
    ------
    FileNotFoundError
        The installed version has no such file.
    """
    for file in metadata.files(distribution) or ():
        if file.name == name:
            return Path(str(file.locate()))
    version = metadata.version(distribution)
    raise FileNotFoundError(f"{distribution} {version} has no {name}; expected another version")


@cache
def session(distribution: str, name: str) -> onnxruntime.InferenceSession:
    """Return a session of a graph; raises as `path` does."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(path(distribution, name)), options, providers=["CPUExecutionProvider"]
    )
