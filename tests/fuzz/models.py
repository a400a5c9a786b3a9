"""Model files: members of the archive, entries of the header, and a digest that is right again."""

from __future__ import annotations

import io
import json
import zipfile
from random import Random
from typing import Any

import numpy as np
from mutation import altered, flipped, number
from trial import scratch

from networks import remembering
from nibblestream import quantize
from nibblestream.backends.emu import Emulation
from nibblestream.network import code_stream, model_file
from nibblestream.network.activation import LINEAR, RELU, TANH, clip, leaky
from nibblestream.network.float_model import FloatModel
from nibblestream.network.float_network import FloatNetwork
from nibblestream.network.memory import MEMORY
from nibblestream.network.model import QuantizedModel, load_model
from nibblestream.network.recurrent import RECURRENT
from plain_networks import plain_network

REFUSALS = (ValueError,)
ROWS = 3
DTYPES = ("u1", "i4", "<u8", ">u8", "f4", "f8", "?", "U3", "c8", "M8[s]", "i1")
_PATH = scratch() / "model.npz"


def seeds() -> list[bytes]:
    """Return small models of all kinds."""
    rng = np.random.default_rng(5)
    plain = [
        plain_network(rng, (5, 4, 3), (clip(-1, 0.75), leaky(0.25))),
        plain_network(rng, (4, 3, 2), (MEMORY, TANH), "wide"),
        plain_network(rng, (3, 6, 2, 2), (LINEAR, RECURRENT, RELU)),
        remembering(rng, (2,)),
    ]
    quantized = [
        quantize(plain[0], ("rs-vbs", "u"), (3, 8)),
        *(quantize(model) for model in plain[1:]),
    ]
    return [_file(model) for model in (*plain[:3], *quantized)]


def mutate(data: bytes, rng: Random) -> bytes:
    """Change the header, an array, or any byte of the file."""
    if rng.random() < 0.1:
        return flipped(data, rng)
    try:
        header, arrays = _content(data)
    except Exception:
        return flipped(data, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if rng.random() < 0.7 or not arrays:
            header = altered(header, rng)
        else:
            _alter(arrays, rng)
    return _written(header, arrays)


def read(data: bytes) -> FloatModel | QuantizedModel:
    """Load a model from a file."""
    _PATH.write_bytes(data)
    return load_model(_PATH)


def verify(data: bytes, found: FloatModel | QuantizedModel) -> None:
    """Check that the model can be described, saved, loaded again and run."""
    assert isinstance(found.name, str)
    assert found.name in found.describe()
    found.save(_PATH)
    assert load_model(_PATH).digest == found.digest
    if isinstance(found, FloatModel):
        rows = np.zeros((ROWS, found.inputs))
        assert FloatNetwork(found).process(rows).shape == (ROWS, found.outputs)
        return
    layout, made = found.rows
    word = found.front.input_format
    rows = np.random.default_rng(1).integers(word.low, word.high + 1, (ROWS, *layout.shape))
    outputs = Emulation(found).process(rows.astype(np.int32))
    assert outputs.shape == (ROWS, *made.shape)
    if found.front.raw:
        last = found.layers[-1].output_format
        assert last.low <= outputs.min() <= outputs.max() <= last.high
    code_stream.beats(found)


def _file(model: FloatModel | QuantizedModel) -> bytes:
    model.save(_PATH)
    return _PATH.read_bytes()


def _content(data: bytes) -> tuple[Any, dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        arrays = {
            info.filename[:-4]: np.load(io.BytesIO(archive.read(info)))
            for info in archive.infolist()
        }
    header = json.loads(arrays.pop("header").tobytes())
    del header["digest"]
    return header, arrays


def _written(header: Any, arrays: dict[str, Any]) -> bytes:
    if isinstance(header, dict):
        header = {**header, "digest": model_file.digest(header, arrays)}
    file = io.BytesIO()
    np.savez(file, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)
    return file.getvalue()


def _alter(arrays: dict[str, Any], rng: Random) -> None:
    name = rng.choice(list(arrays))
    array = arrays[name]
    how = rng.randrange(6)
    if how == 0:
        del arrays[name]
    elif how == 1:
        arrays[rng.choice([*arrays, "x", "layer9.bias"])] = array
    elif how == 2:
        arrays[name] = np.frombuffer(array.tobytes(), "u1").astype(rng.choice(DTYPES))
    elif how == 3:
        sizes = [rng.choice((0, 1, 2, 3, 7, 64, 300)) for _ in range(rng.randrange(3))]
        arrays[name] = np.resize(array, sizes)
    elif array.size:
        raw = bytearray(array.tobytes())
        at = rng.randrange(len(raw))
        word = (number(rng) % 2**32).to_bytes(4, "little")
        raw[at : at + 4] = word[: len(raw) - at]
        arrays[name] = np.frombuffer(bytes(raw), array.dtype).reshape(array.shape)
