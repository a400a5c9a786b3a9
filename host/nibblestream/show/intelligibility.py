"""Intelligibility (STOI): as a table, and plotted against the bits per weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from .. import Enhancer, FloatModel, spec
from ..evaluate.metrics import si_sdr, stoi
from ..network.model import QuantizedModel
from ..plots.style import COLOURS, COLUMN, INK, styled
from ..quantize import quantize
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.axes import Axes

Float = npt.NDArray[np.float64]

SWEEPS: Final = {  # scheme: title, colour, marker
    "u": ("uniform", COLOURS[1], "s"),
    "rs-vbs": ("range split + virtual bit shift", COLOURS[0], "o"),
}


def scores(clean: Float, signals: Mapping[str, Float]) -> str:
    """Return STOI and SI-SDR of signals against the clean signal, all (n,), 8 kHz, as text."""
    width = max(map(len, signals))
    lines = [f"{'':<{width}}   STOI   SI-SDR"]
    for title, signal in signals.items():
        values = f"{stoi(clean, signal):>7.3f}{si_sdr(clean, signal):>6.1f} dB"
        lines.append(f"{title:<{width}}{values}")
    return "\n".join(lines)


@styled()
def stoi_against_bits(models: Mapping[str, FloatModel], clean: Float, noisy: Float) -> Image:
    """Quantize each model to 2, 3, 4 and 8 bits by both schemes, and plot the STOI.

    Parameters
    ----------
    models : mapping of title to FloatModel
    clean, noisy : float64, shape (n,), 8 kHz
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN, 2.8), layout="constrained")
    axes = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axis, (title, model) in zip(axes, models.items(), strict=True):
        _sweep(axis, model, clean, noisy)
        axis.set_title(title)
    axes[0].set_ylabel("STOI")
    axes[-1].legend(loc="lower right")
    return image(figure, f"STOI against bits a weight, for {' and '.join(models)}")


def _sweep(axis: Axes, model: FloatModel, clean: Float, noisy: Float) -> None:
    axis.axhline(stoi(clean, noisy), color=INK, linestyle=":", label="noisy, not enhanced")
    floats = _reached(model, clean, noisy)
    axis.axhline(floats, color=INK, linestyle="--", label="float weights")
    for scheme, (label, colour, marker) in SWEEPS.items():
        widths = _widths(scheme)
        found = [_reached(quantize(model, scheme, bits), clean, noisy) for bits in widths]
        places = [spec.CODE_BITS.index(bits) for bits in widths]
        axis.plot(places, found, color=colour, marker=marker, label=label)
    axis.set_xticks(range(len(spec.CODE_BITS)), [str(bits) for bits in spec.CODE_BITS])
    axis.set_xlabel("bits a weight")
    axis.grid()


def _widths(scheme: str) -> Sequence[int]:
    """Return the bit widths of a scheme: 8-bit codes have no table, so only "u" has them."""
    return spec.CODE_BITS if scheme == "u" else [bits for bits in spec.CODE_BITS if bits < 8]


def _reached(model: FloatModel | QuantizedModel, clean: Float, noisy: Float) -> float:
    with Enhancer(model) as enhancer:
        return stoi(clean, np.asarray(enhancer.enhance(noisy, spec.SAMPLE_RATE)))
