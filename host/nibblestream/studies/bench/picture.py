"""The roofline figure."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...files.atomic import replacing, target
from ...hardware import boards
from ...hardware.boards import Board
from ...plots.style import COLOURS, INK
from .figures import Row, size
from .roofline import KERNELS, Point, multipliers, points, port

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES: Final = (".png", ".pdf", ".svg")
MARKERS: Final = "osD^vP"
EDGE: Final = 0.5  # MAC per byte at the left edge, below that of any code


class Who(NamedTuple):
    """Marker fill and legend text for the points of one backend."""

    fill: str
    text: str


WHO: Final = {
    KERNELS: Who("none", "hollow: kernels alone, by the cycle model"),
    "virtual": Who("full", "filled: virtual board, with its driver (modelled)"),
    "pynq": Who("left", "half filled: this board (measured)"),
}


def check(path: str | Path) -> None:
    """Check, before the benchmark runs, that the figure can be drawn and written.

    Raises
    ------
    ValueError
        The suffix is not supported, matplotlib is missing, or $BOARD is not a known board.
    FileNotFoundError, PermissionError
        As `files.atomic.target` does.
    """
    target(path)
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path}: expected an image file, one of {', '.join(SUFFIXES)}")
    boards.here()
    if find_spec("matplotlib") is None:
        raise ValueError("a plot needs matplotlib: pip install 'nibblestream[demo]'")


def draw(rows: Sequence[Row], path: str | Path) -> None:
    """Write the roofline of `boards.here()` with all quantized networks.

    Parameters
    ----------
    rows : sequence of Row
    path : path
        A .png, .pdf or .svg; written atomically.
    """
    drawn = figure(rows)
    with replacing(path) as temporary:
        drawn.savefig(temporary, format=Path(path).suffix[1:].lower())


def figure(rows: Sequence[Row]) -> Figure:
    """Return the roofline of `boards.here()` with all quantized networks."""
    from matplotlib.figure import Figure

    board = boards.here()
    found = points(rows, board)
    right = 6 * max(point.intensity for point in found)  # room for the notes
    figure = Figure(figsize=(9.0, 6.0), dpi=120, layout="constrained")
    axes = figure.subplots()
    most = multipliers(4, board.geometry) * board.clock_mhz * 1e6
    limits = {"xlim": (EDGE, right), "ylim": (min(point.speed for point in found) / 2, 2 * most)}
    axes.set(xscale="log", yscale="log", **limits)
    _roofs(axes, board, right)
    _points(axes, found)
    axes.set_xlabel("MAC a byte of codes read from DDR")
    axes.set_ylabel("MAC a second")
    axes.set_title(f"Roofline of {board.name} at {board.clock_mhz:g} MHz", fontweight="bold")
    axes.grid(which="major", alpha=0.3)
    return figure


def _roofs(axes: Axes, board: Board, right: float) -> None:
    slope, hertz = port(board), board.clock_mhz * 1e6
    line: dict[str, Any] = {"color": INK, "linewidth": 1.5}
    for bits, codes, style in ((4, "up to 4 bits", "-"), (8, "8-bit codes", "--")):
        count = multipliers(bits, board.geometry)
        roof = count * hertz
        axes.plot([roof / slope, right], [roof, roof], linestyle=style, **line)
        text = f"{codes}: {count} multipliers,\n{roof / 1e9:g} GMAC/s"
        _note(axes, text, (0.95 * right, roof), (0, 4), "right")
    corner = multipliers(4, board.geometry) * hertz / slope
    axes.plot([EDGE, corner], [EDGE * slope, corner * slope], **line)
    _note(axes, f"code port: {slope / 1e6:,.0f} MB/s", (4, 4 * slope), (-8, 4), "right")


def _note(
    axes: Axes, text: str, at: tuple[float, float], away: tuple[float, float], side: str
) -> None:
    place: dict[str, Any] = {"xytext": away, "textcoords": "offset points", "ha": side}
    axes.annotate(text, at, color=INK, fontsize=9, **place)


def _points(axes: Axes, found: Sequence[Point]) -> None:
    networks = list(dict.fromkeys(point.network for point in found))
    for point in found:
        number = networks.index(point.network)
        axes.plot(point.intensity, point.speed, **_style(number, point.who))
    for block, unit in sorted({(point.block, point.unit) for point in found}):
        here = (point for point in found if (point.block, point.unit) == (block, unit))
        lowest = min(here, key=lambda p: p.speed)
        _note(axes, size(block, unit), (lowest.intensity, lowest.speed), (10, -14), "left")
    for number, network in enumerate(networks):
        axes.plot([], [], label=network, **_style(number, KERNELS))
    _say_who(axes, list(dict.fromkeys(point.who for point in found)))


def _say_who(axes: Axes, who: Sequence[str]) -> None:
    """Add the legend: shape and colour stand for the network, the fill for the backend."""
    for one in who:
        style = _style(0, one) | {"color": INK, "marker": "o"}
        axes.plot([], [], label=WHO[one].text, **style)
    axes.legend(loc="lower right", fontsize=9)


def _style(number: int, who: str) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[number % len(MARKERS)],
        "fillstyle": WHO[who].fill,
        "markersize": 8,
        "linestyle": "none",
    }
