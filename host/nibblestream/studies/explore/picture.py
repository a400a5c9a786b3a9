"""The figure of an exploration: speed against the share of a board, and the front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...files.atomic import replacing
from ...plots.style import COLOURS, COLUMN, INK, encoded, styled
from .candidates import Candidate
from .report import Exploration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE: Final = COLUMN / 2  # inches, of a panel


class Kind(NamedTuple):
    """Style of the candidates of one kind; kinds also differ in shape."""

    marker: str
    colour: str
    text: str


KINDS: Final = {
    (False, 1): Kind("o", COLOURS[0], "by rows, 1 port"),
    (False, 2): Kind("s", COLOURS[5], "by rows, 2 ports"),
    (True, 1): Kind("^", COLOURS[1], "by code, 1 port"),
    (True, 2): Kind("D", COLOURS[4], "by code, 2 ports"),
}


def draw(explorations: Sequence[Exploration], path: Path) -> None:
    """Write the figure as a .png or .pdf, atomically."""
    content = encoded(figure(explorations), path.suffix[1:])
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def figure(explorations: Sequence[Exploration]) -> Figure:
    """Return the figure: a panel for each board.

    A panel shows the rows per second in full blocks against the share of the board's resource of
    which a geometry takes most. The front of DSPs, LUTs, latency and speed has the large markers;
    the line is that of this share and speed.
    """
    from matplotlib.figure import Figure

    columns = min(2, len(explorations))
    lines = -(-len(explorations) // columns)
    with styled():
        figure = Figure((SIDE * columns, 0.4 + 0.8 * SIDE * lines), layout="constrained")
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, of in zip(panels, explorations, strict=False):
            _panel(axes, of)
        for axes in panels[len(explorations) :]:
            axes.set_axis_off()
        for axes in panels[max(0, len(explorations) - columns) : len(explorations)]:
            axes.set_xlabel("% of the resource that is used most")
        _legend(figure, explorations)
    return figure


def _panel(axes: Axes, of: Exploration) -> None:
    from matplotlib.ticker import LogLocator

    shares = [100 * max(each.resources.shares(of.board)) for each in of.found]
    on_front = {each.geometry for each in of.front}
    for each, share in zip(of.found, shares, strict=True):
        axes.plot(share, each.rate, **_point(each, each.geometry in on_front))
    limit = 100 * (1 - of.spare)
    stairs = _stairs(shares, [each.rate for each in of.found])
    stairs.append((limit, stairs[-1][1]))
    axes.step(*zip(*stairs, strict=True), where="post", color=INK, linewidth=0.8, zorder=1)
    axes.axvline(limit, color=INK, linewidth=0.8, linestyle=":")
    place: dict[str, Any] = {"xytext": (0, 5), "textcoords": "offset points", "ha": "right"}
    axes.annotate(str(of.best.geometry), (limit, of.best.rate), fontsize=7, **place)
    axes.set(yscale="log", title=f"{of.model} on {of.board.name}", xlim=(0, 100))
    axes.set_ylabel(f"{of.unit}s a second in full blocks (model)")
    axes.margins(y=0.15)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter("")
    axes.grid()


def _stairs(shares: Sequence[float], rates: Sequence[float]) -> list[tuple[float, float]]:
    """Return the corners of the front: each faster than all that need less of the board."""
    corners: list[tuple[float, float]] = []
    for share, rate in sorted(
        zip(shares, rates, strict=True), key=lambda pair: (pair[0], -pair[1])
    ):
        if not corners or rate > corners[-1][1]:
            corners.append((share, rate))
    return corners


def _legend(figure: Figure, explorations: Sequence[Exploration]) -> None:
    from matplotlib.lines import Line2D

    one = {_key(each): each for of in explorations for each in of.found}
    handles = [
        Line2D([], [], label=kind.text, **_point(one[key], True))
        for key, kind in KINDS.items()
        if key in one
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(2 * len(explorations), len(handles))
    )


def _key(each: Candidate) -> tuple[bool, int]:
    return each.geometry.by_code, each.geometry.ports


def _point(each: Candidate, filled: bool) -> dict[str, Any]:
    kind = KINDS[_key(each)]
    return {
        "marker": kind.marker,
        "color": kind.colour,
        "markersize": 4 if filled else 2.5,
        "alpha": 1.0 if filled else 0.35,
        "markeredgewidth": 0,
        "linestyle": "none",
        "zorder": 3 if filled else 2,
    }
