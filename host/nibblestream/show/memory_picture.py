"""Picture of a layer with memory: what one unit takes in, keeps and gives over a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import spec
from ..evaluate.output_error import seen
from ..network.lutmac import LutMac
from ..network.memory import MEMORY
from ..network.model import QuantizedModel
from ..plots.style import COLOURS, COLUMN, styled
from ..speech.front import speech_of
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image

Float = npt.NDArray[np.float64]


def gates(model: QuantizedModel, noisy: Float, at: int, unit: int) -> tuple[Float, Float]:
    """Return the gate of a unit and the candidates for its state, (frames,) each.

    Parameters
    ----------
    model : QuantizedModel
        Of speech.
    noisy : float64, shape (n,), 8 kHz
    at : int
        Index of a layer with memory.
    unit : int
    """
    layer = model.layers[at]
    if layer.activation != MEMORY:
        raise ValueError(f"layer {at} has no memory: it is {layer}")
    x = seen(noisy, speech_of(model))
    for before in model.layers[:at]:
        x = LutMac(before)(x)
    rows = slice(MEMORY.sums * unit, MEMORY.sums * (unit + 1))
    bias = layer.bias_format.to_float(layer.bias[rows])
    sums = x @ (layer.decoded[rows].T * 2.0**-layer.accumulator_frac) + bias
    forget, candidate, _ = MEMORY.gates(sums)
    return forget[:, 0], candidate[:, 0]


@styled()
def memory_picture(model: QuantizedModel, noisy: Float, at: int, unit: int) -> Image:
    """Draw how far a unit's gate opens, and its state beside the candidates for it."""
    from matplotlib.figure import Figure

    forget, candidate = gates(model, noisy, at, unit)
    state = MEMORY.states(forget, candidate, np.zeros(()))
    seconds = np.arange(len(state)) * spec.HOP / spec.SAMPLE_RATE
    figure = Figure(figsize=(COLUMN, 3.2), layout="constrained")
    gate, memory = figure.subplots(2, 1, sharex=True)
    gate.plot(seconds, forget, color=COLOURS[1])
    gate.set(ylabel="gate", ylim=(0, 1), title=f"unit {unit} of layer {at}")
    memory.plot(seconds, candidate, color=COLOURS[1], linewidth=0.6, label="candidate")
    memory.plot(seconds, state, color=COLOURS[0], label="state")
    memory.set(xlabel="seconds", ylabel="value", ylim=(-1.05, 1.05), xlim=(0, seconds[-1]))
    memory.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    return image(figure, "The gate, the candidates and the state of a unit with memory")
