"""Figure 1: the cumulative distribution of weights, its partitions and its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...network.scheme import Scheme
from ...plots.style import COLOURS, COLUMN, INK, styled
from .layers import Float, Split, split
from .networks import Network
from .product import Product, Row, rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "Figure 1: cumulative distribution of weights, and its partitions"
CAPTION = (
    "Cumulative distribution of the weights of each layer, from the smallest to the largest. "
    "Vertical lines: the edges of the 16 intervals of a 4-bit range split with ratio 1, p_start "
    "0.04 and p_stop 0.96: 8 internal ones of equal width, and 4 external ones of equal "
    "probability in each tail. The axis is linear over the internal partition and logarithmic "
    "beyond."
)
HEIGHT = 2.3  # inches per layer
POINTS = 120  # of the curve over the whole range, and as many over the internal partition
INTERNAL, EXTERNAL = COLOURS[0], COLOURS[1]
LINEAR = 1.0  # width of half the linear part, in decades (`linscale`)
TICKS = (0, *(sign * size for size in (0.02, 0.05, 0.1, 0.2, 0.5, 1) for sign in (1, -1)))
APART = 0.09  # minimum distance of tick labels, as a share of the axis


def product(networks: Sequence[Network]) -> Product:
    """Return the figure of all layers, with the data of curves and intervals."""
    splits = list(split(networks))
    tables = {
        "fig1-intervals": [row for layer in splits for row in interval_rows(layer)],
        "fig1-distribution": [row for layer in splits for row in curve_rows(layer)],
    }
    with styled():
        return Product("fig1", TITLE, CAPTION, tables, draw(splits))


def interval_rows(layer: Split) -> list[Row]:
    """Return a row for each interval from left to right; edges are not rounded."""
    table = layer.intervals
    below = layer.phi(table.edges)
    return [
        {
            "network": layer.network,
            "layer": layer.layer,
            "interval": i,
            "partition": "internal" if inside else "external",
            "lower": float(table.edges[i]),
            "upper": float(table.edges[i + 1]),
            "phi_lower": float(below[i]),
            "weights": int(table.count[i]),
        }
        for i, inside in enumerate(table.internal)
    ]


def curve_rows(layer: Split) -> list[Row]:
    """Return the points of the plotted cumulative distribution."""
    points = _points(layer)
    shares = layer.phi(points)
    where = {"network": layer.network, "layer": layer.layer}
    return [
        rounded({**where, "weight": float(x), "phi": float(p)})
        for x, p in zip(points, shares, strict=True)
    ]


def draw(splits: Sequence[Split]) -> Figure:
    """Draw one panel per layer; each network is a column."""
    from matplotlib.figure import Figure

    networks = list(dict.fromkeys(layer.network for layer in splits))
    rows = len(splits) // len(networks)
    figure = Figure(figsize=(COLUMN, HEIGHT * rows), layout="constrained")
    panels = figure.subplots(rows, len(networks), sharey=True, squeeze=False)
    for layer, axes in zip(splits, panels.T.ravel(), strict=True):
        _panel(axes, layer)
    for axes in panels[:, 0]:
        axes.set_ylabel(r"cumulative distribution $\phi$")
    for axes in panels[-1]:
        axes.set_xlabel("weight")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _points(layer: Split) -> Float:
    first, last = layer.inside
    edges = layer.intervals.edges
    whole = np.linspace(edges[0], edges[-1], POINTS)
    inside = np.linspace(edges[first], edges[last + 1], POINTS)
    return np.asarray(np.unique(np.concatenate([whole, inside, edges])))


def _panel(axes: Axes, layer: Split) -> None:
    out, into = layer.weights.shape
    axes.set_title(f"{layer.network}, {layer.layer} layer ({out} by {into})")
    edges, internal = layer.intervals.edges, layer.intervals.internal
    first, last = layer.inside
    start, stop = edges[[first, last + 1]]
    linear = float(np.abs([start, stop]).max())
    axes.set_xscale("symlog", linthresh=linear, linscale=LINEAR)
    axes.set(xlim=edges[[0, -1]], ylim=(0, 1))
    _ticks(axes)
    axes.axvspan(start, stop, color=INTERNAL, alpha=0.2, linewidth=0, label="internal partition")
    for low, high, name in ((edges[0], start, "external partition"), (stop, edges[-1], None)):
        axes.axvspan(low, high, color=EXTERNAL, alpha=0.12, linewidth=0, label=name)
    inner = np.append(internal, False) | np.append(False, internal)
    for chosen, colour, style in ((inner, INTERNAL, "-"), (~inner, EXTERNAL, "--")):
        axes.vlines(edges[chosen], 0, 1, color=colour, linestyle=style, linewidth=0.7)
    axes.plot(_points(layer), layer.phi(_points(layer)), color="k", linewidth=1.3, label=r"$\phi$")
    _limits(axes, layer.quantized.scheme)


def _ticks(axes: Axes) -> None:
    """Label round values from 0 outwards, omitting labels that would overlap."""
    places = axes.transScale.transform([(tick, 0) for tick in TICKS])[:, 0]
    left, right = axes.transScale.transform([(edge, 0) for edge in axes.get_xlim()])[:, 0]
    kept = [(0.0, (places[0] - left) / (right - left))]
    for tick, place in zip(TICKS[1:], places[1:], strict=True):
        where = (place - left) / (right - left)
        if 0 <= where <= 1 and min(abs(where - other) for _, other in kept) > APART:
            kept.append((tick, where))
    axes.set_xticks([tick for tick, _ in kept], [f"{tick:g}" for tick, _ in kept])
    axes.minorticks_off()


def _limits(axes: Axes, scheme: Scheme) -> None:
    """Mark p_start and p_stop, the limits of the internal partition in the distribution."""
    right = axes.secondary_yaxis("right")
    right.set_yticks([scheme.p_start, scheme.p_stop])
    right.set_yticklabels([r"$p_{\mathrm{start}}$", r"$p_{\mathrm{stop}}$"])
    for p in (scheme.p_start, scheme.p_stop):
        axes.axhline(p, color=INK, linestyle=":", linewidth=0.9)
