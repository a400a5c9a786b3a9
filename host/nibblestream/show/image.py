"""Conversion of a figure to an image in a notebook."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.figure import Figure

WIDTH: Final = 900  # of all images, in CSS pixels


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file at twice `WIDTH`, for high-resolution screens."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=2 * WIDTH / figure.get_figwidth())
    return file.getvalue()


def image(figure: Figure, alt: str) -> Image:
    """Return a figure for display; `alt` is its text alternative."""
    from IPython.display import Image

    return Image(png(figure), retina=True, alt=alt)
