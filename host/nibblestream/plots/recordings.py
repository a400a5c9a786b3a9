"""Waveforms and spectrograms of several versions of a recording in one figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import spec
from ..files.atomic import replacing
from ..speech import stft

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

Float = npt.NDArray[np.float64]

FULL_SCALE = spec.WINDOW / 4  # STFT magnitude of a full-scale sine at its frequency
SPAN = 70.0  # dB between the darkest and the brightest colour
QUIET = -60.0  # dB; the brightest colour is at least this, so that silence is dark
WIDTH, HEIGHT = 11.0, 3.0  # inches; height per signal
INK = "#1b3a6b"


def levels(signal: Float) -> Float:
    """Return each bin's level in dB re a full-scale sine: (samples,) -> (frames, 129)."""
    magnitude = np.abs(stft.stft(signal)) / FULL_SCALE
    return np.asarray(20 * np.log10(np.maximum(magnitude, 1e-10)))


def picture(path: str | Path, signals: Mapping[str, Float]) -> None:
    """Draw each signal's waveform and spectrogram, one below the other, on the same scales.

    Parameters
    ----------
    path : path
        The PNG file, written atomically.
    signals : mapping of title to samples
        Each of shape (samples,), at 8 kHz, full scale +-1.
    """
    from matplotlib.figure import Figure

    spectra = [levels(signal) for signal in signals.values()]
    top = max(QUIET, 10 * np.ceil(max(spectrum.max() for spectrum in spectra) / 10))
    peak = max(1e-4, *(np.abs(signal).max() for signal in signals.values()))
    figure = Figure(figsize=(WIDTH, HEIGHT * len(signals)), dpi=120, layout="constrained")
    axes = figure.subplots(2 * len(signals), sharex=True, height_ratios=[1, 3] * len(signals))
    for (title, signal), wave in zip(signals.items(), axes[::2], strict=True):
        draw_wave(wave, signal, peak)
        wave.set_title(title, loc="left", fontweight="bold")
    for spectrum, axis in zip(spectra, axes[1::2], strict=True):
        image = draw_spectrum(axis, spectrum, top)
    axes[-1].set_xlabel("time in s")
    figure.align_ylabels(axes)
    bar = figure.colorbar(image, ax=list(axes[1::2]), aspect=40, pad=0.01, extend="min")
    bar.set_label("level in dB re full-scale sine")
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")


def draw_wave(axis: Axes, signal: Float, peak: float) -> None:
    """Draw a waveform between -peak and +peak."""
    axis.plot(np.arange(len(signal)) / spec.SAMPLE_RATE, signal, color=INK, linewidth=0.4)
    axis.set_ylim(-1.05 * peak, 1.05 * peak)
    axis.set_ylabel("amplitude")
    axis.grid(alpha=0.3)


def draw_spectrum(axis: Axes, spectrum: Float, top: float) -> AxesImage:
    """Draw a spectrogram whose colour scale ends at `top` dB."""
    seconds = spec.HOP / spec.SAMPLE_RATE
    bin_khz = spec.SAMPLE_RATE / spec.FFT / 1000
    left, right = -seconds / 2, (len(spectrum) - 0.5) * seconds
    image = axis.imshow(
        spectrum.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top - SPAN,
        vmax=top,
        extent=(left, right, -bin_khz / 2, (spec.BINS - 0.5) * bin_khz),
    )
    axis.set_xlim(0, right)
    axis.set_ylim(0, spec.SAMPLE_RATE / 2000)
    axis.set_ylabel("kHz")
    return image
