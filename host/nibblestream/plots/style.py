"""Figure style: colour-blind-safe colours, sizes for print, and reproducible files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito
HATCHES: Final = ("", "////", "....", "xxxx")  # distinguish bars without colour
INK: Final = "#333333"
COLUMN: Final = 7.2  # inches, the text width of a two-column page
DPI: Final = 130  # of PNGs

RC: Final[dict[str, Any]] = {
    "font.size": 8,
    "font.family": "DejaVu Sans",  # bundled with matplotlib, so identical everywhere
    "mathtext.fontset": "dejavusans",
    "axes.linewidth": 0.6,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.linewidth": 0.4,
    "grid.alpha": 0.4,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,  # embed TrueType, so that text stays text
}
# No dates and versions: the same figure gives the same bytes.
_METADATA: Final[dict[str, dict[str, None]]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the style to figures drawn and saved within this block."""
    from matplotlib import rc_context

    settings: Any = RC  # only matplotlib >= 3.11 has types for its settings
    with rc_context(settings):
        yield


def encoded(figure: Figure, kind: str) -> bytes:
    """Return a figure as the bytes of a "png" or "pdf"; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    smaller: dict[str, Any] = {"pil_kwargs": {"optimize": True}} if kind == "png" else {}
    figure.savefig(buffer, format=kind, dpi=DPI, metadata=_METADATA[kind], **smaller)
    return buffer.getvalue()
