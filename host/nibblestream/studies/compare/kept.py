"""Cache of quantized models, keyed by a digest of every input of the quantization."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...files.atomic import replacing
from ...files.digest import text_digest
from ...hardware import sources
from ...network.float_model import FloatModel
from ...network.model import load_model
from ...quantize import Calibration
from .method import Method, Model
from .recordings import Material


@dataclass(frozen=True)
class Made:
    """A quantized model, its bytes other than codes, and the seconds its quantization took."""

    model: Model
    extra: int
    seconds: float


def make(method: Method, network: FloatModel, bits: int, material: Material) -> Made | str:
    """Quantize a network, or return the reason why this is not possible here.

    A cached model is returned if there is one; failures are not cached.

    Raises
    ------
    ValueError, OSError
        There are no calibration recordings, or the cache cannot be written.
    """
    seen = material.digest if method.calibrated else ""
    try:
        name = text_digest(network.digest, method.name, bits, seen, method.version)
    except ModuleNotFoundError:
        return _absent(method.library)
    path = _folder() / f"{name}.npz"
    with suppress(FileNotFoundError, ValueError):  # not cached yet, or damaged
        return Made(load_model(path), **json.loads(_facts(path).read_text()))
    made = _try(method, network, bits, material.calibration if method.calibrated else None)
    if isinstance(made, Made):
        made.model.save(path)
        with replacing(_facts(path)) as temporary:
            temporary.write_text(json.dumps({"extra": made.extra, "seconds": made.seconds}))
    return made


def _try(
    method: Method, network: FloatModel, bits: int, calibration: Calibration | None
) -> Made | str:
    try:
        quantizer = method.load()
        start = time.perf_counter()
        model, extra = quantizer(network, bits, calibration)
        return Made(model, extra, time.perf_counter() - start)
    except ModuleNotFoundError as error:
        return _absent(method.library or str(error.name))
    except Exception as error:  # other libraries may raise any exception
        if not (method.library or isinstance(error, ValueError)):
            raise
        return f"failed: {' '.join(str(error).split()) or type(error).__name__}"


def _absent(library: str) -> str:
    return f"{library} is not installed: pip install 'nibblestream[compare]'"


def _folder() -> Path:
    folder = sources.writable_cache() / "compare"
    folder.mkdir(exist_ok=True)
    return folder


def _facts(path: Path) -> Path:
    return path.with_suffix(".json")
