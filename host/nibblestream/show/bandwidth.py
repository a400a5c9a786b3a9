"""Memory traffic of the kernels: bytes per frame, and the roofline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..plots.style import COLOURS, COLUMN, styled
from ..studies.bench import picture
from ..studies.bench.figures import SPECTRA, WEIGHTS, Row
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.axes import Axes

CODES_COLOUR, SPECTRA_COLOUR = COLOURS[0], COLOURS[4]
KILO: Final = 1000


@styled()
def bytes_a_frame(rows: Sequence[Row]) -> Image:
    """Draw the bytes per frame of the quantized networks, for single frames and large blocks.

    Parameters
    ----------
    rows : sequence of Row
        Rows of one backend; float32 rows are left out.
    """
    from matplotlib.figure import Figure

    coded = [row for row in rows if 32 not in row.bits]
    blocks = sorted({row.block for row in coded})
    figure = Figure(figsize=(COLUMN, 2.1), layout="constrained")
    for axis, block in zip(figure.subplots(1, len(blocks), squeeze=False)[0], blocks, strict=True):
        _bars(axis, [row for row in coded if row.block == block])
        title = "live: a frame a block" if block == 1 else f"a file: {block} frames a block"
        axis.set_title(title)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    title = f"bytes {coded[0].figures[WEIGHTS].kind} on {coded[0].backend}:"
    figure.legend(handles, [f"{title} {labels[0]}", labels[1]], loc="outside upper left", ncols=2)
    return image(figure, "Bytes a frame by bits of a weight, codes and spectra, for two blocks")


def roofline(rows: Sequence[Row]) -> Image:
    """Draw the roofline of this board, or of a Pynq-Z2 on other machines."""
    return image(picture.figure(rows), "Roofline: MAC a second against MAC a byte of codes")


def _bars(axis: Axes, rows: Sequence[Row]) -> None:
    names = [f"{row.widths.replace(',', ' + ')} bits" for row in rows]
    codes, spectra = ([row.figures[key].value / KILO for row in rows] for key in (WEIGHTS, SPECTRA))
    axis.barh(names, codes, color=CODES_COLOUR, label="codes")
    bars = axis.barh(names, spectra, left=codes, color=SPECTRA_COLOUR, label="spectra, in and out")
    totals = [sum(pair) for pair in zip(codes, spectra, strict=True)]
    axis.bar_label(bars, [f" {total:,.1f} kB" for total in totals])
    axis.set_xlim(0, 1.25 * max(totals))
    axis.set_xlabel("kB a frame")
    axis.invert_yaxis()
