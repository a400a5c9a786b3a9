"""Settling of settings: what a worker does with a trial first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ...evaluate.score import Scorer
from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from ...quantize import quantize
from .space import TOLD, Settings


@dataclass(frozen=True)
class Settled:
    """Settings that no longer leave anything to be found.

    Parameters
    ----------
    settings : dict
        Arguments of `quantize`, with the k that was found.
    bytes : int
        Bytes of codes.
    digest : str
        Digest of the weights as the codes give them, and of the formats: models with the same
        digest have the same outputs.
    """

    settings: Settings
    bytes: int
    digest: str


def settle(model: FloatModel, settings: Settings) -> Settled:
    """Return the settings with the k found from the weights, and what they result in.

    For schemes that search other parameters too, k is left as it is: with a fixed k they would
    find other ones.

    Raises
    ------
    ValueError
        The settings are not valid for the weights; for example, the accumulator could overflow.
    """
    made = quantize(model, **settings)
    found = [
        layer.k if layer.scheme.name in TOLD else k
        for layer, k in zip(made.layers, settings["k"], strict=True)
    ]
    return Settled(settings | {"k": found}, made.ideal_bytes, _digest(made))


def settle_on_worker(scorer: Scorer, asked: tuple[str, Settings]) -> Settled | str:
    """Settle the settings of a model, given by its digest; or return why they are not valid."""
    model, settings = asked
    try:
        return settle(scorer.models[model], settings)  # type: ignore[arg-type]
    except ValueError as error:
        return str(error)


def _digest(made: QuantizedModel) -> str:
    sha = hashlib.sha256()
    for layer in made.layers:
        words = (layer.input_format, layer.bias_format, layer.output_format)
        sha.update(repr((layer.shape, layer.weight_frac, layer.activation, *words)).encode())
        sha.update(layer.decoded.tobytes() + layer.bias.tobytes())
    return sha.hexdigest()
