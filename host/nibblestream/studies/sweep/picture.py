"""The figure of a sweep: all trials, and the best ones on the test mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...files.atomic import replacing
from ...network.float_model import FloatModel
from ...plots.style import COLOURS, INK
from .held_out import FIXED, FOUND, Row
from .run import Sweep
from .trial import front

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES: dict[str, dict[str, Any]] = {  # colours of Okabe and Ito; the shape differs too
    FOUND: {
        "color": COLOURS[0],
        "marker": "o",
        "label": "found by the sweep (95% paired interval)",
    },
    FIXED: {"color": COLOURS[1], "marker": "s", "label": "the paper's fixed choice (the same)"},
}
TRIED = "#999999"
APART = 0.008  # offset as a share of the axis, so that intervals at one size do not overlap
ROOM = 0.15  # margin above and below, as a share of the range shown


def draw(found: Sweep, model: FloatModel, path: Path) -> None:
    """Draw the search on the left and the test on the right, STOI on one scale.

    Intervals are those of the paired difference from the float model, around that model's mean.

    Parameters
    ----------
    path : path
        A .png, .pdf or .svg.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.6), dpi=200, layout="constrained")
    left, right = figure.subplots(1, 2)
    mixed = len({trial.bytes for trial in found.trials}) > 1
    (_sizes_tried if mixed else _best_so_far)(left, found)
    _test(right, found.rows, mixed)
    for axes, title in ((left, "a. Search, on mixtures for validation"), (right, "b. Test")):
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel(axes.get_xlabel(), fontsize=9)
        axes.set_ylabel(f"mean STOI of {model.name}", fontsize=9)
        axes.grid(alpha=0.3, linewidth=0.5)
        axes.tick_params(labelsize=8)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    plain = {"CreationDate": None} if path.suffix == ".pdf" else None
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], metadata=plain)


def _sizes_tried(axes: Axes, found: Sweep) -> None:
    best = front(found.trials)
    sizes, scores = zip(*((trial.bytes / 1000, trial.stoi) for trial in found.trials), strict=True)
    axes.plot(sizes, scores, ".", color=TRIED, markersize=3, label="trials")
    x, y = zip(*((trial.bytes / 1000, trial.stoi) for trial in best), strict=True)
    axes.plot(x, y, color=STYLES[FOUND]["color"], marker="o", markersize=4, label="Pareto front")
    _frame(axes, y)
    axes.set_xlabel("codes in kB")


def _best_so_far(axes: Axes, found: Sweep) -> None:
    scores = [trial.stoi for trial in found.trials]
    best = np.maximum.accumulate(scores)
    number = np.arange(1, len(scores) + 1)
    axes.plot(number, scores, ".", color=TRIED, markersize=3, label="trials")
    axes.step(number, best, where="post", color=STYLES[FOUND]["color"], label="best so far")
    _frame(axes, [*np.sort(scores)[len(scores) // 4 :]])
    axes.set_xlabel("trial")


def _test(axes: Axes, rows: list[Row], mixed: bool) -> None:
    quantized = [row for row in rows if row.settings]
    whole = next(row for row in rows if row.kind == "float").figures["stoi"].mean
    noisy = next(row for row in rows if row.kind == "noisy").figures["stoi"].mean
    span = max(row.bytes for row in quantized) / 1000
    ends = []
    for kind, style in STYLES.items():
        of = [row for row in quantized if row.kind == kind]
        away = (APART if kind == FOUND else -APART) * span
        x = [row.bytes / 1000 + away if mixed else quantized.index(row) for row in of]
        losses = [row.figures["loss"] for row in of]
        y = np.array([whole - loss.mean for loss in losses])
        error = [[f.high - f.mean for f in losses], [f.mean - f.low for f in losses]]
        if kind == FOUND and mixed:
            axes.plot(x, y, color=style["color"], linewidth=0.8)
        axes.errorbar(x, y, error, **style, markersize=4, linestyle="none", capsize=2, linewidth=1)
        ends += [whole - f.high for f in losses] + [whole - f.low for f in losses]
    axes.axhline(whole, color=INK, linestyle="--", linewidth=1, label="float model")
    shown = [*ends, whole]
    if noisy > 2 * min(shown) - max(shown):  # otherwise it would compress the other points
        axes.axhline(noisy, color=INK, linestyle=":", linewidth=1, label="noisy input")
        shown.append(noisy)
    _frame(axes, shown)
    if mixed:
        axes.set_xlabel("codes in kB")
        return
    axes.set_xlim(-0.7, len(quantized) - 0.3)
    axes.set_xticks(range(len(quantized)), [row.label.replace(", ", "\n") for row in quantized])
    axes.set_xlabel("bits of each layer")


def _frame(axes: Axes, shown: Sequence[float]) -> None:
    """Limit the axis to these values plus a margin; much worse trials fall outside."""
    room = ROOM * max(max(shown) - min(shown), 1e-3)
    axes.set_ylim(min(shown) - room, max(shown) + room)
