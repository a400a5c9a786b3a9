"""Models that were made, kept by the content of all that made them, as scores are."""

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
from .methods import Method, Model
from .recordings import Material


@dataclass(frozen=True)
class Made:
    """A model, the bytes it needs beside its codes, and the seconds that it took to make."""

    model: Model
    extra: int
    seconds: float


def make(method: Method, network: FloatModel, bits: int, material: Material) -> Made | str:
    """Quantize a network, or say why that cannot be done here.

    What was made before is read from the cache's folder; failures are tried again.

    Raises
    ------
    ValueError, OSError
        There is nothing to calibrate with, or the cache cannot be written.
    """
    seen = material.digest if method.calibrated else ""
    try:
        name = text_digest(network.digest, method.name, bits, seen, method.version)
    except ModuleNotFoundError:
        return _absent(method.library)
    path = _folder() / f"{name}.npz"
    with suppress(FileNotFoundError, ValueError):  # not made yet, or damaged
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
    except Exception as error:  # libraries of others raise what they like
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
