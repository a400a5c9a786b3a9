"""Evaluation runs: load models, evaluate under a progress bar, write JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..files.atomic import replacing
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel, load_model
from .clip import Source
from .scoring import evaluate, labels

Model = FloatModel | QuantizedModel


def with_progress(
    clips: Sequence[Source], models: Mapping[str, Any], **options: Any
) -> dict[str, Any]:
    """Call `evaluate`, with a progress bar on a terminal."""
    with tqdm(total=len(clips) * (1 + len(models)), unit="clip", disable=None) as bar:
        return evaluate(clips, models, on_scores=bar.update, **options)


def load(models: Sequence[str | Path]) -> dict[str, Model]:
    """Load models and return them by label; raises as `load_model` and `labels` do."""
    return {label: load_model(model) for label, model in labels(models).items()}


def origins(loaded: dict[str, Model]) -> dict[str, str]:
    """Map each quantized model's label to that of its float model, if it is among `loaded`."""
    floats = {m.digest: label for label, m in loaded.items() if isinstance(m, FloatModel)}
    return {
        label: floats[model.origin]
        for label, model in loaded.items()
        if isinstance(model, QuantizedModel) and model.origin in floats
    }


def weight_bytes(loaded: dict[str, Model]) -> dict[str, int]:
    """Return the bytes of codes, without padding, of each quantized model, by label."""
    return {
        label: model.ideal_bytes
        for label, model in loaded.items()
        if isinstance(model, QuantizedModel)
    }


def write(results: dict[str, Any], path: str | Path) -> None:
    """Write results as JSON, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n")
