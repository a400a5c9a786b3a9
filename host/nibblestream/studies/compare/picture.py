"""The figure of a comparison: output error against bytes, and the Pareto front.

One panel for each width of the codes. Its horizontal axis has the bytes beside the codes, because
all methods of a width have as many codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...plots.style import COLOURS, COLUMN, INK, styled
from .fit import YES
from .front import front, sized
from .rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE, MARGIN = 0.125, 0.9  # inches of height: per label, and around a panel
LEADER = {"arrowstyle": "-", "linewidth": 0.3, "alpha": 0.5, "relpos": (0, 0.5), "color": INK}
TICKS = (1.0, 2.0, 5.0)  # in each decade of the error axis


class Kind(NamedTuple):
    """Style of one kind of points; kinds also differ in shape and fill."""

    marker: str
    colour: str
    fill: str
    text: str


OURS: Final = Kind("o", COLOURS[0], COLOURS[0], "ours (fits)")
FITS: Final = Kind("s", COLOURS[1], COLOURS[1], "others, rounded (fits)")
CALIBRATED: Final = Kind("D", COLOURS[2], COLOURS[2], "others, calibrated")
OTHER: Final = Kind("D", COLOURS[2], "white", "others, not calibrated")


def figure(rows: Sequence[Row]) -> Figure:
    """Draw the rows of the first network, which is the pooled one if there are several networks.

    Parameters
    ----------
    rows : sequence of Row
        Rows without bytes or error are left out: methods that failed, networks of several sizes.
    """
    from matplotlib.figure import Figure

    shown = sized(rows)
    panels = {bits: [row for row in shown if row.bits == bits] for bits in _widths(shown)}
    heights = [MARGIN + LINE * len(of) for of in panels.values()]
    with styled():
        figure = Figure((COLUMN, sum(heights) + MARGIN / 2), layout="constrained")
        if panels:
            grid = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)
            for axes, (bits, of) in zip(grid[:, 0], panels.items(), strict=True):
                _panel(axes, of, shown)
                axes.set_title(f"{bits} bits: {of[0].codes:,} bytes of codes")
            grid[-1, 0].set_xlabel("bytes of scales, zero points, tables and padding")
            _legend(figure, shown)
    return figure


def _widths(rows: Sequence[Row]) -> list[int]:
    return sorted({row.bits for row in rows if row.bits}, reverse=True)


def _panel(axes: Axes, rows: Sequence[Row], every: Sequence[Row]) -> None:
    """Draw the rows of one width, with the front of all widths and a label for each row."""
    from matplotlib.ticker import LogLocator

    best = front(every)
    axes.set(xscale="log", yscale="log", ylabel="output error (RMS)")
    axes.yaxis.set_major_locator(LogLocator(subs=TICKS))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.xaxis.set_major_formatter("{x:,g}")
    for row in rows:
        axes.plot(row.extra or 1, row.figures["error"].mean, zorder=3, **_point(row))
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    _draw_front(axes, best, rows[0].codes or 0, right)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.grid()
    _label(axes, rows, best)


def _draw_front(axes: Axes, best: Sequence[Row], codes: int, right: float) -> None:
    """Draw the least error at every number of bytes up to the right end of the panel."""
    steps = [(float(row.bytes or 0) - codes, row.figures["error"].mean) for row in best]
    steps = [(max(x, 1e-9), y) for x, y in steps if x < right]
    if steps:
        x, y = zip(*steps, (right, steps[-1][1]), strict=True)
        axes.plot(x, y, color=INK, linewidth=0.9, drawstyle="steps-post", zorder=2)


def _label(axes: Axes, rows: Sequence[Row], best: Sequence[Row]) -> None:
    """Write the names beside the panel, in the order of the errors; bold on the front."""
    ordered = sorted(rows, key=lambda row: -row.figures["error"].mean)
    for i, row in enumerate(ordered):
        height = (i + 0.5) / len(ordered)
        axes.annotate(
            row.method,
            (row.extra or 1, row.figures["error"].mean),
            (1.05, 1 - height),
            textcoords="axes fraction",
            fontsize=6.5,
            fontweight="bold" if row in best else "normal",
            color=_kind(row).colour,
            verticalalignment="center",
            arrowprops=LEADER,
            annotation_clip=False,
        )


def _legend(figure: Figure, rows: Sequence[Row]) -> None:
    from matplotlib.lines import Line2D

    one = {_kind(row): row for row in rows}
    handles = [
        Line2D([], [], label=kind.text, **_point(one[kind]))
        for kind in (OURS, FITS, CALIBRATED, OTHER)
        if kind in one
    ]
    handles.append(Line2D([], [], label="Pareto front (bold)", color=INK, linewidth=0.9))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)


def _point(row: Row) -> dict[str, Any]:
    kind = _kind(row)
    return {
        "marker": kind.marker,
        "color": kind.colour,
        "markerfacecolor": kind.fill,
        "markersize": 4,
        "linestyle": "none",
    }


def _kind(row: Row) -> Kind:
    if row.library == "nibblestream":
        return OURS
    if row.fits == YES:
        return FITS
    return CALIBRATED if row.calibrated else OTHER
