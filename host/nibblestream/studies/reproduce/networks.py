"""The networks that are quantized: float models of two layers, as the paper's."""

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
    """A trained network and what tables and figures call it."""

    name: str
    model: FloatModel


def load(models: Sequence[str | Path]) -> list[Network]:
    """Load networks by file or bundled name; "paper-float" is called "paper".

    Raises
    ------
    ValueError, OSError
        A file cannot be used, is no float model or has other than two layers, or two networks
        would have one name.
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
            f"{path}: is quantized already; expected the float model, such as paper-float"
        )
    if len(model.weights) != LAYERS:
        raise ValueError(
            f"{path}: has {len(model.weights)} layers; expected {LAYERS}, which the paper's rows "
            "and figures are about; use 'nibblestream quantize' and 'evaluate'"
        )
    return model
