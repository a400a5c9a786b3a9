"""The networks to quantize: float models of two layers, as in the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...evaluate.scoring import labels
from ...network.float_model import FloatModel
from ...network.model import load_model

LAYERS = 2


@dataclass(frozen=True)
class Network:
    """A trained network and its name in tables and figures."""

    name: str
    model: FloatModel


def load(models: Sequence[str | Path]) -> list[Network]:
    """Load networks by file or bundled name; "paper-float" is called "paper".

    Raises
    ------
    ValueError, OSError
        A file cannot be read, is not a float model or does not have two layers, or two networks
        would have the same name.
    """
    found = [
        Network(label.removesuffix("-float"), _two_layers(model))
        for label, model in labels(models).items()
    ]
    names = [network.name for network in found]
    if len(set(names)) < len(names):
        raise ValueError(f"networks are called {', '.join(names)}; expected different names")
    return found


def _two_layers(path: str | Path) -> FloatModel:
    model = load_model(path)
    if not isinstance(model, FloatModel):
        raise ValueError(
            f"{path}: is already quantized; expected a float model, such as paper-float"
        )
    if len(model.weights) != LAYERS:
        raise ValueError(
            f"{path}: has {len(model.weights)} layers; expected {LAYERS}, as in the paper's tables "
            "and figures; for other networks use 'nibblestream quantize' and 'evaluate'"
        )
    return model
