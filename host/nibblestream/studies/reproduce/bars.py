"""Figures 3 and 4: grouped bars of STOI, one panel for each network.

Bars start at the STOI of the mixtures, so their length is the gain (or loss) of a network, which a
truncated axis would exaggerate; the error bars are the intervals of that paired gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...plots.style import COLOURS, COLUMN, HATCHES, INK, styled
from .networks import Network
from .product import Product, Row
from .scores import MIX, NO_QUANTIZATION, Scores
from .settings import TITLES, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Groups = Mapping[str, Mapping[str, Setting]]  # group -> scheme -> setting
HEIGHT = 3.2  # inches
GAP = 5.0  # distance between groups, in bar widths
PAPER = "paper"
LEGEND = (*TITLES.values(), NO_QUANTIZATION, MIX, PAPER)
FILLS = (COLOURS[1], COLOURS[4], COLOURS[5], COLOURS[0])  # by scheme, from warm to cold
HOW = (
    " The shift of U-VBS is as far as the largest weight allows, none at all where it is near 1. "
    "Bars stand on the STOI of the mixtures (Mix) and reach to the network's, printed below; the "
    "scale does not start at 0. Error bars: 95% bootstrap intervals of the paired difference to "
    "Mix over {n} mixtures; shaded: the same without quantization. Diamonds: the differences that "
    "the paper's Table 3 gives, {paper}, for its own network and recordings; it prints no others."
)


def product(
    name: str,
    title: str,
    caption: str,
    groups: Groups,
    networks: Sequence[Network],
    scores: Scores,
) -> Product:
    """Return a bar figure and its data."""
    rows = [row for network in networks for row in _rows(groups, network, scores)]
    paper = sorted(
        {row["paper_stoi"] for row in rows if row["group"] and row["paper_stoi"]}, key=str
    )
    printed = " and ".join(f"{value:.2f}" for value in paper) + " against 0.84"
    text = caption + HOW.format(n=rows[0]["n"], paper=printed)
    with styled():
        return Product(name, title, text, {name: rows}, draw(rows))


def draw(rows: Sequence[Row]) -> Figure:
    """Draw one panel per network."""
    from matplotlib.figure import Figure

    networks = list(dict.fromkeys(row["network"] for row in rows))
    figure = Figure(figsize=(COLUMN, HEIGHT), layout="constrained")
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for network, axes in zip(networks, panels, strict=True):
        _panel(axes, [row for row in rows if row["network"] == network])
        axes.set_title(f"network {network}")
    panels[0].set_ylabel("STOI")
    mix = float(rows[-1]["stoi"])  # type: ignore[arg-type]
    right = panels[-1].secondary_yaxis("right", functions=(lambda y: y - mix, lambda d: d + mix))
    right.set_ylabel("difference to Mix")
    handles, names = panels[0].get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda i: LEGEND.index(names[i]))
    chosen = [handles[i] for i in order], [names[i] for i in order]
    figure.legend(*chosen, loc="outside upper center", ncols=len(names), columnspacing=1.4)
    return figure


def _rows(groups: Groups, network: Network, scores: Scores) -> list[Row]:
    rows: list[Row] = [
        {"group": group, "scheme": TITLES[scheme], **scores.row(network, setting)}
        for group, settings in groups.items()
        for scheme, setting in settings.items()
    ]
    lines = (scores.no_quantization(network), scores.mix(network))
    return rows + [{"group": None, "scheme": None, **line} for line in lines]


def _panel(axes: Axes, rows: Sequence[Any]) -> None:
    *bars, whole, mix = rows
    groups = list(dict.fromkeys(row["group"] for row in bars))
    places = [groups.index(row["group"]) * GAP + i % 4 for i, row in enumerate(bars)]
    for i, (place, row) in enumerate(zip(places, bars, strict=True)):
        _bar(axes, place, row, mix["stoi"], i)
    known = [
        (p + 0.3, mix["stoi"] + r["paper_gain"])
        for p, r in zip(places, bars, strict=True)
        if r["paper_gain"] is not None
    ]
    style: dict[str, Any] = {"marker": "D", "linestyle": "none", "color": INK, "markersize": 4}
    axes.plot(*zip(*known, strict=True), markerfacecolor="w", label=PAPER, zorder=5, **style)
    axes.axhline(whole["stoi"], color=COLOURS[2], linestyle="--", label=NO_QUANTIZATION)
    ends = (mix["stoi"] + whole[f"gain_{end}"] for end in ("low", "high"))
    axes.axhspan(*ends, color=COLOURS[2], alpha=0.2, linewidth=0)
    axes.axhline(mix["stoi"], color=INK, label=MIX)
    axes.set_xticks([1.5 + GAP * i for i in range(len(groups))], groups)
    axes.tick_params(axis="x", which="major", length=0, pad=15)
    axes.set_xticks(places, [f"{row['stoi']:.3f}" for row in bars], minor=True, fontsize=6.5)
    axes.tick_params(axis="x", which="minor", length=2)
    axes.set_xlim(places[0] - 0.7, places[-1] + 0.7)
    axes.grid(axis="y")


def _bar(axes: Axes, place: float, row: Any, mix: float, number: int) -> None:
    gain, margin = row["gain"], ([row["gain"] - row["gain_low"]], [row["gain_high"] - row["gain"]])
    axes.bar(
        place,
        gain,
        0.8,
        bottom=mix,
        color=FILLS[number % 4],
        hatch=HATCHES[number % 4],
        edgecolor="w",
        linewidth=0,
        label=row["scheme"] if number < 4 else None,
    )
    axes.errorbar(place, mix + gain, margin, color="k", capsize=2, linewidth=0.8, capthick=0.8)
