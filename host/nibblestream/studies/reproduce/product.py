"""A reproduced table or figure: data, caption and file contents."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...plots.style import encoded, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cell = str | int | float | None  # None: unknown or not applicable
Row = dict[str, Cell]

FORMATS = ("pdf", "png")
DECIMALS = 6


@dataclass(frozen=True)
class Product:
    """A reproduced table or figure of the paper.

    Parameters
    ----------
    name : str
        Base name of its files, such as "fig1".
    title, caption : str
    tables : mapping of str to rows
        By the name of the CSV file without its suffix.
    figure : Figure, optional
    markdown : str
        The formatted table, if there is no figure.
    """

    name: str
    title: str
    caption: str
    tables: Mapping[str, Sequence[Row]]
    figure: Figure | None = None
    markdown: str = ""

    def files(self) -> dict[str, bytes]:
        """Return file contents by name; the same data gives the same bytes."""
        found = {f"{name}.csv": as_csv(rows).encode() for name, rows in self.tables.items()}
        if self.figure is not None:
            with styled():
                found |= {f"{self.name}.{kind}": encoded(self.figure, kind) for kind in FORMATS}
        return found

    def section(self, files: Sequence[str]) -> str:
        """Return the Markdown section of the index that shows the product and links its files."""
        body = self.markdown.strip() or f"![{self.title}]({self.name}.png)"
        links = ", ".join(f"[{name}]({name})" for name in files)
        return f"## {self.title}\n\n{body}\n\n{self.caption}\n\n{links}"

    def data(self) -> dict[str, Any]:
        """Return the product's entry in the JSON file."""
        return {"title": self.title, "caption": self.caption, "tables": dict(self.tables)}


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows with the same keys as CSV; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def rounded(row: Mapping[str, Cell]) -> Row:
    """Return a row with its floats rounded to `DECIMALS`."""
    return {
        key: round(cell, DECIMALS) if isinstance(cell, float) else cell for key, cell in row.items()
    }
