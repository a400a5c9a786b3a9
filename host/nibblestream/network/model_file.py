"""Model files: an ``.npz`` of arrays under a JSON header, with a digest over both.

Members are stored, not compressed: codes and weights hardly shrink, and a file then cannot
unfold into more memory than it has bytes. The same model always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from ..files.atomic import replacing

MAGIC = "nibblestream model"
FORMAT = 1
BUNDLED = ("default", "paper", "default-float", "paper-float")

Header = dict[str, Any]
Arrays = dict[str, npt.NDArray[Any]]
M = TypeVar("M", bound="Stored")


class Stored(ABC):
    """A model that a file can hold."""

    kind: ClassVar[str]
    SHARED: ClassVar = ("name", "features", "head", "gain_floor")
    """What the header of every kind of model holds, as attributes of the same names."""

    def shared(self) -> Header:
        """Return the part of a header that all kinds of models have."""
        return {key: getattr(self, key) for key in self.SHARED}

    @classmethod
    def from_shared(cls, header: Header) -> Header:
        """Return the arguments that all kinds of models take from a header."""
        return {key: header[key] for key in cls.SHARED}

    @abstractmethod
    def content(self) -> tuple[Header, Arrays]:
        """Return what a file holds of the model."""

    @classmethod
    @abstractmethod
    def from_content(cls: type[M], header: Header, arrays: Arrays) -> M:
        """Build the model that a file's header and arrays describe."""

    @property
    def digest(self) -> str:
        """SHA-256 of the model's content, in hexadecimal."""
        return digest(*self._described())

    def save(self, path: str | Path) -> None:
        """Write the model to a file, whole or not at all."""
        write(path, *self._described())

    @classmethod
    def load(cls: type[M], path: str | Path) -> M:
        """Read a model from a file or by a bundled name.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, foreign, newer, or holds a model of another kind.
        """
        return load(path, (cls,))

    def _described(self) -> tuple[Header, Arrays]:
        header, arrays = self.content()
        return {"kind": self.kind, **header}, arrays


def load(path: str | Path, kinds: tuple[type[M], ...]) -> M:
    """Read a model of one of these kinds; raises as `Stored.load` does."""
    found = locate(path)
    with refusing(found):
        header, arrays = read(found)
        for kind in kinds:
            if kind.kind == header.get("kind"):
                return kind.from_content(header, arrays)
        expected = " or ".join(kind.kind for kind in kinds)
        raise ValueError(f"it holds a {header.get('kind')} model; expected a {expected} one")


def locate(path: str | Path) -> Path:
    """Return the file of a bundled model's name, or of a path.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    """
    if str(path) in BUNDLED:
        path = Path(__file__).parents[1] / "models" / f"{path}.npz"
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: no such model file; expected a file, or one of {', '.join(BUNDLED)}"
        )
    return Path(path)


def digest(header: Header, arrays: Arrays) -> str:
    """Return the SHA-256 of a header (without its digest) and arrays, in hexadecimal."""
    sha = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        sha.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def write(path: str | Path, header: Header, arrays: Arrays) -> None:
    """Write a model file; it appears whole or not at all.

    `header` holds what JSON can and gets the magic, the format version and the digest.
    """
    header = {"magic": MAGIC, "format": FORMAT, **header}
    text = json.dumps({**header, "digest": digest(header, arrays)})
    members = {"header": np.frombuffer(text.encode(), np.uint8), **arrays}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **members)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with a file's content into one ValueError that names the file.

    Damaged bytes make zipfile and NumPy raise a dozen kinds of exceptions, so all are meant here.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path}: not a model that can be used: {error or type(error).__name__}; expected a "
            "file that 'nibblestream train' or 'nibblestream quantize' wrote"
        ) from error


def read(path: Path) -> tuple[Header, Arrays]:
    """Read a model file; call it under `refusing`.

    Returns
    -------
    header : dict
        Without the digest, which has been checked.
    arrays : dict of ndarray
    """
    with zipfile.ZipFile(path) as archive:
        if "header.npy" not in archive.namelist():
            raise ValueError("it has no header of a nibblestream model")
        arrays = {info.filename[:-4]: _member(archive, info) for info in archive.infolist()}
    header = json.loads(arrays.pop("header").tobytes().decode())
    if not isinstance(header, dict) or header.get("magic") != MAGIC:
        raise ValueError(f"its header does not say {MAGIC!r}")
    if header.get("format") != FORMAT:
        raise ValueError(
            f"it has the format {header.get('format')!r}, this library reads {FORMAT}: "
            "update nibblestream if the file is newer"
        )
    if header.pop("digest", None) != digest(header, arrays):
        raise ValueError("its digest does not match its content, so the file is damaged")
    return header, arrays


def take(
    arrays: Arrays, name: str, dtype: npt.DTypeLike, shape: tuple[int | None, ...]
) -> npt.NDArray[Any]:
    """Return a member of the given dtype and shape (None: any length), or raise a ValueError."""
    if name not in arrays:
        raise ValueError(f"it has no array {name}")
    array = arrays[name]
    fits = array.ndim == len(shape) and all(
        want in (None, have) for have, want in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        expected = f"{np.dtype(dtype)} {shape}".replace("None", "any")
        raise ValueError(f"{name} is {array.dtype} {array.shape}; expected {expected}")
    return array


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"its member {info.filename} is compressed; model files are not")
    data = archive.read(info)  # checks the CRC, before NumPy parses anything
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"its member {info.filename} is no array")
    return array
