"""A figure as a picture in a notebook."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.figure import Figure

WIDTH: Final = 900  # of all pictures, in the pixels of a page


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file of twice its width on a page: sharp on any screen."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=2 * WIDTH / figure.get_figwidth())
    return file.getvalue()


def image(figure: Figure, alt: str) -> Image:
    """Return a figure to be displayed; `alt` says in words what it shows."""
    from IPython.display import Image

    return Image(png(figure), retina=True, alt=alt)
