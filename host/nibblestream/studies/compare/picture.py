"""The figure of a comparison: output error, loss of STOI and bytes of each method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...evaluate.bootstrap import Interval
from ...plots.style import COLOURS, COLUMN, INK, styled
from .fit import NO
from .rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SLOT, MARGIN = 0.15, 1.1  # inches of height: per method, and around the panels
WIDE = 1.0  # percent of STOI lost; above this the axis becomes symmetric-logarithmic
TICKS = (1.0, 2.0, 5.0)  # in each decade of the error axis
LINEAR = 0.2  # percent; the symlog axis is linear within +- this


class Kind(NamedTuple):
    """Style of one kind of points; kinds also differ in shape and fill."""

    marker: str
    colour: str
    fill: str
    text: str


OURS: Final = Kind("o", COLOURS[0], COLOURS[0], "ours")
FITS: Final = Kind("s", COLOURS[1], COLOURS[1], "others: fit, if entries are rounded")
OTHER: Final = Kind("D", COLOURS[2], "white", "others: do not fit, scales of rows or groups")


def figure(rows: Sequence[Row]) -> Figure:
    """Draw the rows of the first network, which is the pooled one if there are several networks.

    Parameters
    ----------
    rows : sequence of Row
        Rows of methods that failed are left out.
    """
    from matplotlib.figure import Figure

    shown = [row for row in rows if row.network == rows[0].network and "error" in row.figures]
    shown.sort(key=lambda row: row.figures["error"].mean)
    with styled():
        figure = Figure((COLUMN, MARGIN + SLOT * len(shown)), layout="constrained")
        panels = figure.subplots(1, 3, sharey=True, width_ratios=[1.2, 1.2, 1])
        _errors(panels[0], shown)
        _losses(panels[1], shown)
        _bytes(panels[2], shown)
        panels[0].set_yticks(range(len(shown)), [row.title for row in shown])
        panels[0].set_ylim(len(shown) - 0.4, -0.6)
        for axes in panels:
            axes.grid()
        _legend(figure, shown)
    return figure


def _errors(axes: Axes, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import LogLocator

    _draw(axes, rows, [row.figures["error"] for row in rows])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=TICKS))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.set(title="a. Output error", xlabel="RMS, from the float network")


def _losses(axes: Axes, rows: Sequence[Row]) -> None:
    losses = [row.figures["loss_percent"] for row in rows]
    _draw(axes, rows, losses)
    axes.axvline(0, color=INK, linewidth=0.8)
    if max(abs(end) for loss in losses for end in loss) > WIDE:
        axes.set_xscale("symlog", linthresh=LINEAR)
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set(title="b. STOI lost", xlabel="% of the float network's")


def _bytes(axes: Axes, rows: Sequence[Row]) -> None:
    for y, row in enumerate(rows):
        if row.bytes is not None:
            axes.plot(row.bytes / 1000, y, **_point(row))
    axes.set(title="c. Memory", xlabel="kB of codes, scales, tables")


def _draw(axes: Axes, rows: Sequence[Row], figures: Sequence[Interval]) -> None:
    for y, (row, found) in enumerate(zip(rows, figures, strict=True)):
        around = [[found.mean - found.low], [found.high - found.mean]]
        axes.errorbar(found.mean, y, xerr=around, capsize=2, elinewidth=0.8, **_point(row))


def _legend(figure: Figure, rows: Sequence[Row]) -> None:
    from matplotlib.lines import Line2D

    one = {_kind(row): row for row in rows}
    handles = [
        Line2D([], [], label=kind.text, **_point(one[kind]))
        for kind in (OURS, FITS, OTHER)
        if kind in one
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


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
    return OTHER if row.fits == NO else FITS
