"""Spectrograms side by side, on the same scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from ..plots import recordings
from ..plots.style import COLUMN, styled
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.figure import Figure

HEIGHT: Final = 2.2  # inches

Float = npt.NDArray[np.float64]


def spectrograms(signals: Mapping[str, Float]) -> Image:
    """Return the spectrograms of signals at 8 kHz, each of shape (n,), side by side."""
    return image(figure(signals), f"Spectrograms side by side: {', '.join(signals)}")


@styled()
def figure(signals: Mapping[str, Float]) -> Figure:
    """Draw the spectrograms of signals at 8 kHz, each of shape (n,), side by side."""
    from matplotlib.figure import Figure

    spectra = [recordings.levels(signal) for signal in signals.values()]
    top = max(recordings.QUIET, 10 * np.ceil(max(each.max() for each in spectra) / 10))
    figure = Figure(figsize=(COLUMN, HEIGHT), layout="constrained")
    axes = figure.subplots(1, len(signals), sharey=True, squeeze=False)[0]
    for axis, title, spectrum in zip(axes, signals, spectra, strict=True):
        drawn = recordings.draw_spectrum(axis, spectrum, top)
        axis.set_title(title)
        axis.set_xlabel("time in s")
        axis.label_outer()
    bar = figure.colorbar(drawn, ax=list(axes), pad=0.01, extend="min")
    bar.set_label("dB of a full-scale sine")
    return figure
