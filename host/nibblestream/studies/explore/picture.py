"""The figure of an exploration: speed against the share of the board, and the front of both."""

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
    """Return the figure: a row of two panels for each board.

    On the left rows per second in full blocks, on the right each by itself; both against the
    share of the resource of which a geometry takes most.
    """
    from matplotlib.figure import Figure

    count = len(explorations)
    with styled():
        figure = Figure((COLUMN, 0.4 + 0.65 * SIDE * count), layout="constrained")
        panels = figure.subplots(count, 2, squeeze=False, sharex=True, sharey="row")
        for (blocks, live), of in zip(panels, explorations, strict=True):
            title = f"{of.model} on {of.board.name}: full blocks"
            _panel(blocks, of, [each.rate for each in of.found], title)
            _panel(live, of, [each.live_rate for each in of.found], f"one {of.unit} at a time")
            blocks.set_ylabel(f"{of.unit}s a second (model)")
        for axes in panels[-1]:
            axes.set_xlabel("% of the board, of the resource that it needs most of")
        _legend(figure, explorations)
    return figure


def _panel(axes: Axes, of: Exploration, rates: Sequence[float], title: str) -> None:
    shares = [100 * max(each.resources.shares(of.board)) for each in of.found]
    on_front = {each.geometry for each in of.front}
    for each, share, rate in zip(of.found, shares, rates, strict=True):
        axes.plot(share, rate, **_point(each, each.geometry in on_front))
    stairs = _stairs(shares, rates)
    axes.step(*zip(*stairs, strict=True), where="post", color=INK, linewidth=0.8, zorder=1)
    axes.axvline(100 * (1 - of.spare), color=INK, linewidth=0.8, linestyle=":")
    fastest = max(range(len(rates)), key=lambda i: (rates[i], -shares[i]))
    axes.annotate(
        str(of.found[fastest].geometry),
        (shares[fastest], rates[fastest]),
        xytext=(-2, 5),
        textcoords="offset points",
        ha="right",
        fontsize=7,
    )
    axes.set(yscale="log", title=title, xlim=(0, 100))
    axes.margins(y=0.15)
    axes.grid(which="both")


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
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


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
