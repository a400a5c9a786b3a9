"""Figures 1 and 2 of the paper, for one of our networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..plots.style import styled
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image


def paper_figure(name: str, model: str) -> Image:
    """Draw "fig1" or "fig2" for a float model, given by file or bundled name."""
    from ..studies.reproduce import fig1, fig2, networks

    product = {"fig1": fig1, "fig2": fig2}[name].product(networks.load([model]))
    assert product.figure is not None
    with styled():
        return image(product.figure, product.caption)
