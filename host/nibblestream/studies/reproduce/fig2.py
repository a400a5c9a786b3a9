"""Figure 2: levels on the grid of m bits, with and without virtual bit shift."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ...plots.style import COLOURS, COLUMN, INK, styled
from .layers import Float, Split, split
from .networks import Network
from .product import Product, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "Figure 2: levels against the m-bit resolution, with and without virtual bit shift"
HEIGHT = 3.6  # inches
BOTTOM, DOTS, TOP = 0.62, 0.77, 1.0  # heights of interval boxes and means; levels are at 0
INTERNAL, EXTERNAL, SHARED = COLOURS[0], COLOURS[4], COLOURS[1]
ROOM = 1.7  # margin beyond the outermost levels, in steps of the m-bit grid


def product(networks: Sequence[Network]) -> Product:
    """Return the figure of the first network's first layer, and the data of all layers."""
    plain, shifted = list(split(networks, "rs")), list(split(networks, "rs-vbs"))
    rows = [row for layer in (*plain, *shifted) for row in level_rows(layer)]
    with styled():
        figure = draw(plain[0], shifted[0])
    return Product("fig2", TITLE, caption(plain[0], shifted[0]), {"fig2": rows}, figure)


def level_rows(layer: Split) -> list[Row]:
    """Return a row for each code from left to right; numbers are not rounded."""
    table, scheme = layer.intervals, layer.quantized.scheme
    return [
        {
            "network": layer.network,
            "layer": layer.layer,
            "scheme": scheme.name,
            "k": layer.quantized.k,
            "code": i,
            "partition": "internal" if inside else "external",
            "width": float(table.edges[i + 1] - table.edges[i]),
            "resolution": float(layer.steps[i]),
            "mean": float(table.mean[i]),
            "level": float(layer.levels[i]),
            "shared": str(bool(layer.shared[i])).lower(),
        }
        for i, inside in enumerate(table.internal)
    ]


def caption(plain: Split, shifted: Split) -> str:
    """Return the caption, with the numbers of this layer."""
    scheme = plain.quantized.scheme
    counts = [len(np.unique(layer.levels)) for layer in (plain, shifted)]
    k = shifted.quantized.k
    return (
        f"The {plain.layer} layer of network {plain.network} in 4 bits: intervals of weights (top "
        f"of each panel), the mean of the weights in each (dots), and the level it is rounded to "
        f"(triangles) on the grid of m = {scheme.m} bits. Internal intervals are "
        f"{plain.width:.5f} wide, the grid's resolution is {2.0 ** -(scheme.m - 1):.5f}. Without "
        f"shift the {len(plain.levels)} codes give {counts[0]} different levels (hollow: "
        f"levels of several codes). With a shift of k = {k} internal levels lie on a grid of "
        f"{2.0 ** -(scheme.m - 1 + k):.5f}, and {counts[1]} are different."
    )


def draw(plain: Split, shifted: Split) -> Figure:
    """Draw two panels: without and with virtual bit shift."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN, HEIGHT), layout="constrained")
    panels = figure.subplots(2, sharex=True)
    coarse = float(plain.steps.max())
    values = np.concatenate([plain.levels, shifted.levels])
    limits = values.min() - ROOM * coarse, values.max() + ROOM * coarse
    for axes, layer in zip(panels, (plain, shifted), strict=True):
        axes.set(xlim=limits, ylim=(-0.5, 1.45), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.set_title(_title(layer))
        _intervals(axes, layer, limits)
        _rulers(axes, layer, coarse, limits)
        _levels(axes, layer)
    panels[0].spines["bottom"].set_visible(False)
    panels[0].tick_params(bottom=False)
    panels[-1].set_xlabel("weight")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _title(layer: Split) -> str:
    k = layer.quantized.k
    count = len(np.unique(layer.levels))
    name = "RS-VBS, k = " + str(k) if k else "RS, no virtual bit shift"
    return f"{name}: {len(layer.levels)} codes, {count} levels"


def _intervals(axes: Axes, layer: Split, limits: tuple[float, float]) -> None:
    """Draw the intervals as boxes, clipped to the axis limits."""
    edges = np.clip(layer.intervals.edges, *limits)
    labelled: set[bool] = set()
    for (low, high), inside in zip(pairwise(edges), layer.intervals.internal, strict=True):
        name = None if inside in labelled else f"{'in' if inside else 'ex'}ternal interval"
        labelled.add(inside)
        colour = INTERNAL if inside else EXTERNAL
        axes.fill_between(
            [low, high], BOTTOM, TOP, color=colour, alpha=0.25, linewidth=0, label=name
        )
    axes.vlines(edges, BOTTOM, TOP, color=INK, linewidth=0.6)
    first, _ = layer.inside
    _measure(
        axes, edges[first + 3], edges[first + 4], TOP + 0.1, rf"$\Delta_i$ = {layer.width:.5f}"
    )


def _rulers(axes: Axes, layer: Split, coarse: float, limits: tuple[float, float]) -> None:
    """Draw the grid of the external levels, and on it the finer grid of the internal levels."""
    first, last = layer.inside
    inside = layer.intervals.edges[[first, last + 1]]
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.vlines(_multiples(coarse, *limits), -0.14, 0, color=INK, linewidth=0.8)
    place = coarse * np.floor(_widest_gap(layer.levels) / coarse)
    _measure(axes, place, place + coarse, 0.1, rf"$\delta_i$ = {coarse:.5f}")
    fine = float(layer.steps.min())
    if fine < coarse:
        axes.vlines(_multiples(fine, *inside), -0.07, 0, color=INK, linewidth=0.25)
        text = rf"$\delta_i^{{m+k}}$ = {fine:.5f}"
        axes.text(inside.mean(), -0.17, text, ha="center", va="top")


def _multiples(step: float, low: float, high: float) -> Float:
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def _widest_gap(levels: Float) -> float:
    """Return the middle of the widest gap between levels, where a label fits."""
    ordered = np.sort(levels)
    widest = int(np.diff(ordered).argmax())
    return float(ordered[widest : widest + 2].mean())


def _levels(axes: Axes, layer: Split) -> None:
    """Draw a line from each mean to its level; shared levels are hollow and dashed."""
    kinds: tuple[tuple[Any, dict[str, Any], str], ...] = (
        (~layer.shared, {"color": "k"}, "level"),
        (layer.shared, {"color": SHARED, "markerfacecolor": "w"}, "level of several codes"),
    )
    for chosen, style, name in kinds:
        means, levels = layer.intervals.mean[chosen], layer.levels[chosen]
        dots, heads = np.full(len(means), DOTS), np.full(len(means), 0.05)
        dashed = "--" if "markerfacecolor" in style else "-"
        axes.plot([means, levels], [dots, 0 * dots], dashed, linewidth=0.9, **style)
        axes.plot(means, dots, "o", markersize=3, **style)
        axes.plot(levels, heads, "v", label=name, **style)


def _measure(axes: Axes, low: float, high: float, height: float, text: str) -> None:
    """Draw a dimension line between two values, with its text above."""
    style = {"arrowstyle": "|-|,widthA=.2,widthB=.2", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (low, height), (high, height), arrowprops=style)
    axes.text((low + high) / 2, height + 0.08, text, ha="center", va="bottom")
