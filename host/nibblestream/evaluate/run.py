"""Evaluation runs: load models and peers, evaluate under a progress bar, write JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..files.atomic import replacing
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel, load_model
from . import cost
from .clip import Source
from .peers import table as peers
from .peers.peer import Peer
from .scoring import evaluate, labels

Model = FloatModel | QuantizedModel | Peer


def with_progress(
    clips: Sequence[Source], models: Mapping[str, Any], **options: Any
) -> dict[str, Any]:
    """Call `evaluate`, with a progress bar on a terminal."""
    with tqdm(total=len(clips) * (1 + len(models)), unit="clip", disable=None) as bar:
        return evaluate(clips, models, on_scores=bar.update, **options)


def load(models: Sequence[str | Path], others: Sequence[str] = ()) -> dict[str, Model]:
    """Load models and peers and return them by label.

    Raises as `load_model`, `labels` and `peers.table.load` do, and ValueError if a model has the
    label of a peer.
    """
    named = labels(models)
    both = sorted(named.keys() & set(others))
    if both:
        raise ValueError(f"{both} are models and peers; expected other names of the model files")
    found = peers.load(others)  # first, as a package is missing more often than a model
    return {label: load_model(model) for label, model in named.items()} | found


def origins(loaded: Mapping[str, Model]) -> dict[str, str]:
    """Map each quantized model's label to that of its float model, if it is among `loaded`."""
    floats = {m.digest: label for label, m in loaded.items() if isinstance(m, FloatModel)}
    return {
        label: floats[model.origin]
        for label, model in loaded.items()
        if isinstance(model, QuantizedModel) and model.origin in floats
    }


def costs(loaded: Mapping[str, Model]) -> dict[str, dict[str, Any]]:
    """Return the cost of each model and peer by label, and a peer's versions; for JSON."""
    return {
        label: {**model.cost._asdict(), "versions": model.versions}
        if isinstance(model, Peer)
        else cost.cost(model)._asdict()
        for label, model in loaded.items()
    }


def write(results: dict[str, Any], path: str | Path) -> None:
    """Write results as JSON, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n")
