"""Model files: what is saved comes back; what is damaged, foreign or newer is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks import network
from nibblestream.network import model_file
from nibblestream.network.float_model import FloatModel
from nibblestream.network.model import QuantizedModel, load_model
from nibblestream.quantize import quantize


@pytest.fixture(scope="module")
def small() -> FloatModel:
    return network(hidden=(4,))


def both(small: FloatModel) -> list[FloatModel | QuantizedModel]:
    return [small, quantize(small, ("rs-vbs", "u-vbs"), (3, 8)), quantize(small)]


def test_files_come_back_the_same(small: FloatModel, tmp_path: Path) -> None:
    for model in both(small):
        path = tmp_path / "model.bin"  # any suffix will do
        model.save(path)
        loaded = load_model(path)
        assert type(loaded) is type(model)
        assert loaded.digest == model.digest == type(model).load(path).digest
        assert loaded.describe() == model.describe()
        first = path.read_bytes()
        loaded.save(path)
        assert path.read_bytes() == first
        assert sorted(tmp_path.iterdir()) == [path]


def test_loaded_layers_are_the_saved_ones(small: FloatModel, tmp_path: Path) -> None:
    model = quantize(small, "rs-vbs", 3, k=np.int64(2), p_start=np.float32(0.05))
    model.save(tmp_path / "m.npz")
    loaded = QuantizedModel.load(tmp_path / "m.npz")
    for a, b in zip(model.layers, loaded.layers, strict=True):
        assert (a.codes == b.codes).all()
        assert (a.decoded == b.decoded).all()
        assert (a.bias == b.bias).all()
        assert (a.input_format, a.output_format, a.scheme) == (
            b.input_format,
            b.output_format,
            b.scheme,
        )


def test_float_arrays_come_back(small: FloatModel, tmp_path: Path) -> None:
    small.save(tmp_path / "m.npz")
    loaded = FloatModel.load(tmp_path / "m.npz")
    for a, b in zip(small.weights + small.biases, loaded.weights + loaded.biases, strict=True):
        assert a.dtype == b.dtype == np.float32
        assert (a == b).all()
    assert loaded.training == small.training == {"seed": 7, "1": [2, 3]}
    assert loaded.front.gain_floor == 0.1


def test_the_digest_covers_every_part(small: FloatModel) -> None:
    digests = {quantize(small, *args).digest for args in [(), ("rs",), ("u",), ("rs-vbs", 3)]}
    header, arrays = {"a": 1}, {"x": np.arange(4)}
    digests |= {
        model_file.digest(header, arrays),
        model_file.digest({"a": 2}, arrays),
        model_file.digest(header, {"y": np.arange(4)}),
        model_file.digest(header, {"x": np.arange(4).reshape(2, 2)}),
        model_file.digest(header, {"x": np.arange(4, dtype=np.uint64)}),
        model_file.digest(header, {"x": np.array([0, 1, 2, 4])}),
    }
    assert len(digests) == 10


def test_description_tells_what_matters(small: FloatModel) -> None:
    text = quantize(small, ("rs-vbs", "u"), (4, 8)).describe()
    for part in ("4-bit rs-vbs", "8-bit u", "0100", "accumulator", "gain floor 0.1", "bytes"):
        assert part in text
    assert "seed: 7" in small.describe()


def test_a_failed_save_keeps_the_old_file(
    small: FloatModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.npz"
    small.save(path)
    before = path.read_bytes()

    def fail(file: Any, **members: Any) -> None:
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(model_file.np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        quantize(small).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz: no such model file.*default"):
        load_model(tmp_path / "nothing.npz")
    with pytest.raises(FileNotFoundError, match="no such model file"):
        load_model(tmp_path)


def test_the_other_kind_is_refused(small: FloatModel, tmp_path: Path) -> None:
    small.save(tmp_path / "f.npz")
    quantize(small).save(tmp_path / "q.npz")
    with pytest.raises(ValueError, match=r"f\.npz: .*holds a float model; expected a quantized"):
        QuantizedModel.load(tmp_path / "f.npz")
    with pytest.raises(ValueError, match=r"q\.npz: .*holds a quantized model; expected a float"):
        FloatModel.load(tmp_path / "q.npz")


def resave(path: Path, edit: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Edit a file's header and arrays, and write it with a valid digest."""
    header, arrays = model_file.read(path)
    edit(header, arrays)
    content = {**header, "digest": model_file.digest(header, arrays)}
    text = json.dumps(content, sort_keys=True).encode()
    with path.open("wb") as file:
        np.savez(file, header=np.frombuffer(text, np.uint8), **arrays)


EDITS: list[tuple[Callable[[Any, Any], Any], str]] = [
    (lambda h, a: h.update(magic="other"), "has no magic 'nibblestream model'"),
    (
        lambda h, a: h.update(format=2),
        "format 2, but this version reads format 1: update nibblestream",
    ),
    (lambda h, a: h.update(kind="tree"), "holds a tree model"),
    (lambda h, a: h.update(features="mel"), "features are 'mel'"),
    (lambda h, a: h.update(head="mask"), "head is 'mask'"),
    (lambda h, a: h.pop("name"), "name"),
    (lambda h, a: h.update(layers=3), "not iterable"),
    (lambda h, a: h["layers"][0].update(shape=[4, 1016]), "layer 0: beats have the shape"),
    (lambda h, a: h["layers"][0].update(k=0), "layer 0: k is 0, but the scheme says 1"),
    (lambda h, a: h["layers"][0]["scheme"].update(bits=5), "layer 0: bits is 5"),
    (lambda h, a: h["layers"][0]["scheme"].update(extra=5), "layer 0: .*extra"),
    (lambda h, a: h["layers"][0]["output_format"].update(frac=40), "layer 0: outputs have 40"),
    (lambda h, a: h["layers"][0]["output_format"].update(frac=13), "layer 1 is given"),
    (lambda h, a: a.pop("layer1.beats"), "layer 1: it has no array layer1.beats"),
    (lambda h, a: a.update({"layer0.beats": a["layer0.beats"][1:]}), "layer 0: beats have"),
    (lambda h, a: a["layer0.beats"].__setitem__(64, 1 << 40), "layer 0: the padding of beat 64"),
    (lambda h, a: a.update({"layer0.beats": np.zeros(9)}), "layer0.beats is float64"),
    (lambda h, a: a["layer0.mantissa"].__setitem__(0, 300), "to 300|from 300|expected -128"),
    (lambda h, a: a.update({"layer0.mantissa": np.zeros(8, np.int32)}), r"expected int32 \(16,\)"),
    (lambda h, a: a["layer0.bias"].__setitem__(0, 1000), "layer 0: bias ranges"),
]


@pytest.mark.parametrize(("edit", "message"), EDITS)
def test_inconsistent_files_are_refused(
    small: FloatModel, tmp_path: Path, edit: Any, message: str
) -> None:
    path = tmp_path / "m.npz"
    quantize(small, k=(1, 1)).save(path)
    resave(path, edit)
    with pytest.raises(ValueError, match=f"m.npz: not a valid model file: .*({message})"):
        load_model(path)


def test_nan_and_wrong_shapes_in_float_files_are_refused(small: FloatModel, tmp_path: Path) -> None:
    edits: list[tuple[Any, str]] = [
        (lambda h, a: a["layer1.weights"].__setitem__((0, 0), np.nan), "layer 1 holds NaN"),
        (lambda h, a: a.update({"layer1.bias": np.zeros(3, np.float32)}), r"shape \(3,\)"),
        (lambda h, a: a.update({"layer1.bias": np.zeros(129)}), "layer1.bias is float64"),
        (lambda h, a: h.update(layers=1), "1032 inputs and 4 outputs"),
        (lambda h, a: h.update(gain_floor="much"), "much"),
    ]
    for edit, message in edits:
        path = tmp_path / "m.npz"
        small.save(path)
        resave(path, edit)
        with pytest.raises(ValueError, match=message):
            load_model(path)


def foreign(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "text":
        return b"not a model\n" * 100
    if kind == "empty":
        return b""
    if kind == "npy":
        np.save(buffer, np.zeros(9))
    if kind == "npz":
        np.savez(buffer, x=np.zeros(9))
    if kind == "pickle":
        np.savez(buffer, header=np.array([{"a": 1}], dtype=object))
    if kind == "compressed":
        np.savez_compressed(buffer, header=np.zeros(10**6, np.uint8))
    if kind == "header":
        np.savez(buffer, header=np.frombuffer(b'["nibblestream model"]', np.uint8))
    if kind == "huge":
        huge = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,)}"
        with zipfile.ZipFile(buffer, "w") as archive:
            head = b"\x93NUMPY\x01\x00" + len(huge + b"\n").to_bytes(2, "little") + huge + b"\n"
            archive.writestr("header.npy", head)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("text", "not a zip"),
        ("empty", "not a zip"),
        ("npy", "not a zip"),
        ("npz", "no nibblestream model header"),
        ("pickle", "allow_pickle=False"),
        ("compressed", "is compressed"),
        ("header", "has no magic"),
        ("huge", ""),
    ],
)
def test_foreign_files_are_refused(kind: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "foreign.npz"
    path.write_bytes(foreign(kind))
    for load in (load_model, FloatModel.load, QuantizedModel.load):
        with pytest.raises(ValueError, match=f"foreign.npz: .*{message}"):
            load(path)


def test_a_changed_array_is_damage(small: FloatModel, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    quantize(small).save(path)
    with np.load(path) as members:
        arrays = dict(members)
    arrays["layer0.beats"][3] ^= np.uint64(1)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="digest does not match"):
        load_model(path)


def survives(path: Path, data: bytes, digest: str) -> None:
    """Loading gives a ValueError, or the very same model, and nothing else."""
    path.write_bytes(data)
    try:
        loaded = load_model(path)
    except ValueError:
        return
    assert loaded.digest == digest


def test_truncated_files_are_refused(small: FloatModel, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    model = quantize(small)
    model.save(path)
    whole = path.read_bytes()
    for end in np.linspace(0, len(whole) - 1, 150).astype(int):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"m\.npz: not a valid model file"):
            load_model(path)


def test_any_damaged_byte_is_refused_or_harmless(
    small: FloatModel, tmp_path: Path, rng: np.random.Generator
) -> None:
    path = tmp_path / "m.npz"
    model = quantize(small)
    model.save(path)
    whole = path.read_bytes()
    # Every byte of the zip's directory, which lies at the end, and a sample of the rest.
    directory = range(len(whole) - 900, len(whole))
    for at in [*directory, *rng.integers(0, len(whole), 800)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        survives(path, bytes(damaged), model.digest)


def test_bundled_names_are_files_of_the_package() -> None:
    folder = Path(model_file.__file__).parents[1] / "models"
    for name in model_file.BUNDLED:
        if (folder / f"{name}.npz").is_file():
            assert model_file.locate(name) == folder / f"{name}.npz"
        else:
            with pytest.raises(FileNotFoundError, match=f"{name}.npz"):
                model_file.locate(name)
