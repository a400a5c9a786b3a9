"""Scores of the networks in the requested settings, and the rows made from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...evaluate import run
from ...evaluate.clip import Source
from ...evaluate.score import NOISY
from ...evaluate.summary import ALL
from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from . import paper
from .networks import Network
from .product import Row, rounded
from .settings import Setting

MIX = "Mix"
NO_QUANTIZATION = "No quantization"
_COLUMNS = {
    "stoi": "stoi",
    "gain": "d_stoi",
    "loss": "loss_stoi",
    "loss_percent": "loss_stoi_percent",
}


@dataclass(frozen=True)
class Scores:
    """The results of `evaluate` and the models that were scored."""

    results: dict[str, Any]
    models: dict[str, FloatModel | QuantizedModel]

    def row(self, network: Network, setting: Setting) -> Row:
        """Return the row of a network in a setting, with the paper's values."""
        label = _label(network, setting)
        model = self.models[label]
        assert isinstance(model, QuantizedModel)
        weights = sum(weight.size for weight in network.model.weights)
        k = {f"k_{i}": layer.k for i, layer in zip(("first", "second"), model.layers, strict=True)}
        size: Row = {
            "bytes": model.ideal_bytes,
            "reduction_percent": 100 * (1 - model.ideal_bytes / weights),
        }
        head: Row = {"first": str(setting.first), "second": str(setting.second), **k}
        return self._row(network, head, label, size, paper.ROWS.get(setting))

    def no_quantization(self, network: Network) -> Row:
        """Return the row of a network without quantization."""
        return self._plain(network, NO_QUANTIZATION, _label(network), paper.NO_QUANTIZATION)

    def mix(self, network: Network) -> Row:
        """Return the row of the noisy input, the same for each network."""
        return self._plain(network, MIX, NOISY, paper.MIX)

    def _plain(self, network: Network, what: str, label: str, printed: paper.Printed) -> Row:
        head: Row = {"first": what, "second": None, "k_first": None, "k_second": None}
        return self._row(network, head, label, {"bytes": None, "reduction_percent": None}, printed)

    def _row(
        self, network: Network, head: Row, label: str, size: Row, printed: paper.Printed | None
    ) -> Row:
        found = self.results["models"][label]["groups"][ALL]
        return rounded(
            {"network": network.name, "n": found["n"]}
            | head
            | _figures(found)
            | size
            | _beside(printed)
        )


def score(
    networks: Sequence[Network],
    settings: Iterable[Setting],
    clips: Sequence[Source],
    **options: Any,
) -> Scores:
    """Score each network without quantization and in each setting, by STOI.

    `options` are options of `evaluate`: workers, known.

    Raises
    ------
    ValueError, OSError
        As `quantize` and `evaluate` do.
    """
    wanted = tuple(dict.fromkeys(settings))
    models: dict[str, FloatModel | QuantizedModel] = {}
    for network in networks:
        models[_label(network)] = network.model
        for setting in wanted:
            models[_label(network, setting)] = setting.quantize(network.model)
    results = run.with_progress(
        clips, models, metrics=("stoi",), origins=run.origins(models), **options
    )
    return Scores(results, models)


def _label(network: Network, setting: Setting | None = None) -> str:
    return f"{network.name} {setting or NO_QUANTIZATION}"


def _figures(found: dict[str, Any]) -> Row:
    row: Row = {}
    for column, metric in _COLUMNS.items():
        interval = found.get(metric, {})
        row[column] = interval.get("mean")
        row |= {f"{column}_{end}": interval.get(end) for end in ("low", "high")}
    return row


def _beside(printed: paper.Printed | None) -> Row:
    """Return the paper's columns; its gain is relative to its own mixtures."""
    values = printed._asdict() if printed else dict.fromkeys(paper.Printed._fields)
    gain = printed and printed.stoi - paper.MIX.stoi
    return {f"paper_{key}": value for key, value in values.items()} | {"paper_gain": gain}
