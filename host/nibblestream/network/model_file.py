"""Model files: an ``.npz`` archive with a JSON header, arrays, and a digest of both.

Members are stored uncompressed: codes and weights hardly compress, and loading a file then cannot
use much more memory than its size. The same model always gives the same bytes.
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
BUNDLED = (
    *("default", "default-3bit", "default-2bit", "mlp", "paper"),
    *("default-float", "mlp-float", "paper-float"),
)

Header = dict[str, Any]
Arrays = dict[str, npt.NDArray[Any]]
M = TypeVar("M", bound="Stored")


class Stored(ABC):
    """Base class of models that can be saved to a file."""

    kind: ClassVar[str]

    @abstractmethod
    def content(self) -> tuple[Header, Arrays]:
        """Return the header and arrays of the model's file."""

    @classmethod
    @abstractmethod
    def from_content(cls: type[M], header: Header, arrays: Arrays) -> M:
        """Build the model from a file's header and arrays."""

    @property
    def digest(self) -> str:
        """SHA-256 of the model's content, in hexadecimal."""
        return digest(*self._described())

    def save(self, path: str | Path) -> None:
        """Write the model to a file atomically."""
        write(path, *self._described())

    @classmethod
    def load(cls: type[M], path: str | Path) -> M:
        """Load a model from a file or by a bundled name.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, not a model file, of a newer format, or holds another kind of
            model.
        """
        return load(path, (cls,))

    def _described(self) -> tuple[Header, Arrays]:
        header, arrays = self.content()
        return {"kind": self.kind, **header}, arrays


def load(path: str | Path, kinds: tuple[type[M], ...]) -> M:
    """Load a model of one of the given kinds; raise the same errors as `Stored.load`."""
    found = locate(path)
    with refusing(found):
        header, arrays = read(found)
        for kind in kinds:
            if kind.kind == header.get("kind"):
                return kind.from_content(header, arrays)
        expected = " or ".join(kind.kind for kind in kinds)
        raise ValueError(f"it holds a {header.get('kind')} model; expected a {expected} model")


def locate(path: str | Path) -> Path:
    """Return the path of a model file, given a bundled model's name or a path.

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
    """Write a model file atomically.

    `header` must be JSON; the magic, the format version and the digest are added to it.
    """
    header = {"magic": MAGIC, "format": FORMAT, **header}
    text = json.dumps({**header, "digest": digest(header, arrays)})
    members = {"header": np.frombuffer(text.encode(), np.uint8), **arrays}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **members)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Convert every exception about a file's content to a ValueError that names the file.

    All exceptions are caught, because damaged bytes make zipfile and NumPy raise many kinds.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path}: not a valid model file: {error or type(error).__name__}; expected a "
            "file written by 'nibblestream train' or 'nibblestream quantize'"
        ) from error


def read(path: Path) -> tuple[Header, Arrays]:
    """Read and check a model file; call this inside `refusing`.

    Returns
    -------
    header : dict
        Without the digest, which has been verified.
    arrays : dict of ndarray
    """
    with zipfile.ZipFile(path) as archive:
        if "header.npy" not in archive.namelist():
            raise ValueError("it has no nibblestream model header")
        arrays = {info.filename[:-4]: _member(archive, info) for info in archive.infolist()}
    header = json.loads(arrays.pop("header").tobytes().decode())
    if not isinstance(header, dict) or header.get("magic") != MAGIC:
        raise ValueError(f"its header has no magic {MAGIC!r}")
    if header.get("format") != FORMAT:
        raise ValueError(
            f"it has format {header.get('format')!r}, but this version reads format {FORMAT}: "
            "update nibblestream if the file is newer"
        )
    if header.pop("digest", None) != digest(header, arrays):
        raise ValueError("its digest does not match its content, so the file is damaged")
    return header, arrays


def take(
    arrays: Arrays, name: str, dtype: npt.DTypeLike, shape: tuple[int | None, ...]
) -> npt.NDArray[Any]:
    """Return an array; raise ValueError unless it has this dtype and shape (None: any length)."""
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


def check_text(**fields: object) -> None:
    """Raise ValueError unless all fields are strings."""
    for name, value in fields.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is {value!r}; expected a string")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"its member {info.filename} is compressed; expected uncompressed members")
    data = archive.read(info)  # verifies the CRC before NumPy parses the data
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"its member {info.filename} is not an array")
    return array
