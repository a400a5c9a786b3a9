"""What a system costs to store and to run: bytes, multiplications, latency."""

from __future__ import annotations

from typing import NamedTuple

from .. import spec
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from ..speech.front import speech_of


class Cost(NamedTuple):
    """The cost of a system.

    Parameters
    ----------
    weight_bytes : int
        Bytes of weights, without padding, biases and tables.
    macs_per_second : float or None
        Multiplications by weights, in real time; None if they are not counted.
    latency : float or None
        Algorithmic latency in seconds, at the system's own rate; None for the whole recording.
    """

    weight_bytes: int
    macs_per_second: float | None
    latency: float | None


def cost(model: FloatModel | QuantizedModel) -> Cost:
    """Return the cost of a model of speech: each weight is used once a frame."""
    if isinstance(model, QuantizedModel):
        weights = sum(layer.codes.size for layer in model.layers)
        size = model.ideal_bytes
    else:
        weights = sum(layer.size for layer in model.weights)
        size = sum(layer.nbytes for layer in model.weights)
    latency = speech_of(model).window / spec.SAMPLE_RATE
    return Cost(size, weights * spec.SAMPLE_RATE / spec.HOP, latency)
