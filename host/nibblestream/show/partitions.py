"""Intervals and levels of a quantizer, over the histogram of a layer's weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from ..network.lut import decode
from ..plots.style import COLOURS, COLUMN, styled
from ..quantize import QuantizedWeights
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INTERNAL, EXTERNAL = COLOURS[:2]
BINS: Final = 160


@styled()
def intervals(weights: npt.NDArray[np.float32], quantized: Mapping[str, QuantizedWeights]) -> Image:
    """Draw intervals and levels over all weights and, enlarged, over the middle 96% of them.

    Parameters
    ----------
    weights : float32, shape (out, in)
    quantized : mapping of title to QuantizedWeights
        The same weights, quantized.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN, 1.9 * len(quantized)), layout="constrained")
    axes = figure.subplots(len(quantized), 2, sharex="col", squeeze=False)
    spans = (float(np.abs(weights).max()), float(np.quantile(np.abs(weights), 0.96)))
    for pair, (title, found) in zip(axes, quantized.items(), strict=True):
        for axis, span, part in zip(pair, spans, ("all weights", "the middle 96%"), strict=True):
            _draw(axis, weights, found, span)
            axis.set_title(f"{title}: {part}")
        pair[0].set_ylabel("weights")
    for axis in axes[-1]:
        axis.set_xlabel("value")
    _legend(figure, axes[0, 0])
    return image(figure, f"Histogram of the weights with intervals: {', '.join(quantized)}")


def rounding(weights: npt.NDArray[np.float32], quantized: Mapping[str, QuantizedWeights]) -> str:
    """Return the quantization noise, with the levels in use and the share of zeros, as text."""
    width = max(map(len, quantized))
    lines = [f"{'':<{width}}  levels in use   rounded to 0   noise, of the weights' power"]
    for title, found in quantized.items():
        values = _values(found)
        noise = np.mean((weights - values) ** 2) / np.mean(weights.astype(np.float64) ** 2)
        used, zeros = len(np.unique(values)), np.mean(values == 0)
        lines.append(f"{title:<{width}}{used:>15}{zeros:>15.1%}{10 * np.log10(noise):>26.1f} dB")
    return "\n".join(lines)


def _values(found: QuantizedWeights) -> npt.NDArray[np.float64]:
    frac = 7 + found.k if found.lut is None else found.lut.m - 1 + found.k
    return decode(found.codes, found.lut) * 2.0**-frac


def _draw(
    axis: Axes, weights: npt.NDArray[np.float32], found: QuantizedWeights, span: float
) -> None:
    axis.hist(weights.ravel(), BINS, range=(-span, span), color="0.75", log=True)
    table, levels = found.intervals, np.unique(_values(found))
    for edge in table.edges[(-span < table.edges) & (table.edges < span)]:
        axis.axvline(edge, color="0.45", linewidth=0.6)
    inside = np.zeros(len(levels), bool)
    if found.lut is not None:
        inside = np.isin(levels, found.lut.values[found.lut.internal])
    low = axis.get_ylim()[0]
    for chosen, colour in ((inside, INTERNAL), (~inside, EXTERNAL)):
        shown = levels[chosen & (np.abs(levels) <= span)]
        axis.plot(shown, np.full(len(shown), 1.6 * low), "^", color=colour, markersize=5)
    axis.set_xlim(-span, span)


def _legend(figure: Figure, axis: Axes) -> None:
    for colour, label in ((INTERNAL, "level, internal"), (EXTERNAL, "level, external")):
        axis.plot([], [], "^", color=colour, label=label)
    axis.plot([], [], color="0.45", linewidth=0.6, label="edge of an interval")
    figure.legend(loc="outside upper center", ncols=3)
