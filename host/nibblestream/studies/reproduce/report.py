"""Write the folder of results: data, figures and a Markdown index."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .product import Product

DATA, INDEX = "results.json", "README.md"


def write(folder: Path, products: Sequence[Product], about: Mapping[str, Any]) -> None:
    """Write the files of products, ``results.json`` with all data, and the index.

    Parameters
    ----------
    folder : path
        An existing folder.
    products : sequence of Product
    about : mapping
        Further entries of the JSON: the command, the networks' digests, ...
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
