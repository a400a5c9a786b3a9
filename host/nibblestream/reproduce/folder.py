"""The folder of results: data, figures, and an index to be read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .product import Product

DATA, INDEX = "results.json", "README.md"


def check(folder: str | Path, mark: str = DATA) -> None:
    """Refuse, before the work, a folder that cannot be made or written into, or is another's.

    Raises
    ------
    FileNotFoundError, FileExistsError, PermissionError
        There is nothing to make it in, it is a file, holds files but not `mark`, which earlier
        results have, or may not be written into.
    """
    _check_place(folder)
    found = Path(folder)
    if found.is_dir() and any(found.iterdir()) and not (found / mark).is_file():
        raise FileExistsError(
            f"{folder}: holds other files, which results could replace; expected a new folder, an "
            f"empty one, or one with earlier results ({mark})"
        )


@contextmanager
def filling(folder: str | Path) -> Iterator[Path]:
    """Give a temporary folder, whose files are moved into `folder` when the block ends.

    After an error nothing is moved. Files of other names stay.
    """
    _check_place(folder)
    final = Path(folder).resolve()
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".nibblestream-") as temporary:
        yield Path(temporary)
        final.mkdir(exist_ok=True)
        for file in sorted(Path(temporary).iterdir()):
            file.replace(final / file.name)


def write(folder: Path, products: Sequence[Product], about: Mapping[str, Any]) -> None:
    """Write the files of products, ``results.json`` with all data, and the index.

    Parameters
    ----------
    folder : path
        An existing one.
    products : sequence of Product
    about : mapping
        What else stands in the JSON: the command, the networks' digests, ...
    """
    index = ["# Table and figures of the paper, reproduced", f"    {about['command']}"]
    data = {**about, "products": {}}
    for product in products:
        files = product.files()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        index.append(product.section(list(files)))
        data["products"][product.name] = product.data()
    text = json.dumps(data, indent=1, allow_nan=False)
    (folder / DATA).write_text(text + "\n", encoding="utf-8")
    (folder / INDEX).write_text("\n\n".join(index) + "\n", encoding="utf-8")


def _check_place(folder: str | Path) -> None:
    found = Path(folder).resolve()
    if not found.parent.is_dir():
        raise FileNotFoundError(f"{folder}: there is no folder {found.parent} to make it in")
    if found.exists() and not found.is_dir():
        raise FileExistsError(f"{folder}: is a file; expected the name of a folder")
    for needed in (found.parent, found):
        if needed.exists() and not os.access(needed, os.W_OK):
            raise PermissionError(f"{folder}: {needed} cannot be written into")
