"""What `nibblestream evaluate` does: load models, evaluate under a progress bar, write JSON."""

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
    """Call `evaluate` under a progress bar on a terminal, and silently elsewhere."""
    with tqdm(total=len(clips) * (1 + len(models)), unit="clip", disable=None) as bar:
        return evaluate(clips, models, on_scores=bar.update, **options)


def load(models: Sequence[str | Path]) -> dict[str, Model]:
    """Load models, by label; raises as `load_model` and `labels` do."""
    return {label: load_model(model) for label, model in labels(models).items()}


def origins(loaded: dict[str, Model]) -> dict[str, str]:
    """Return, by label, the float model of this list that each quantized one was made from."""
    floats = {m.digest: label for label, m in loaded.items() if isinstance(m, FloatModel)}
    return {
        label: floats[model.origin]
        for label, model in loaded.items()
        if isinstance(model, QuantizedModel) and model.origin in floats
    }


def weight_bytes(loaded: dict[str, Model]) -> dict[str, int]:
    """Return the bytes of the codes of those models that are quantized, by label; no padding."""
    return {
        label: model.ideal_bytes
        for label, model in loaded.items()
        if isinstance(model, QuantizedModel)
    }


def write(results: dict[str, Any], path: str | Path) -> None:
    """Write results as JSON; the file appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n")
