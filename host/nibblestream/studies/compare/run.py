"""`nibblestream compare`: quantize all networks by all methods and score them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from ...evaluate.clip import Float, Source
from ...evaluate.known import Known
from ...evaluate.output_error import output_errors
from ...evaluate.score import NOISY, Scored, Scorer, System
from ...evaluate.score_table import ScoreTable
from ...evaluate.summary import summarise
from ...evaluate.workers import Workers, local
from ...network.float_model import FloatModel
from .kept import Made, make
from .method import Method, Model
from .recordings import Material
from .rows import FLOAT, Network, Row, rows, titled

METRICS = ("stoi", "si_sdr")

Systems = dict[str, dict[str, Model]]  # quantized models by network and title


@dataclass(frozen=True)
class Comparison:
    """Results of a comparison: its rows, and the clips that were refused by the metrics."""

    rows: list[Row]
    refused: dict[str, Any]


def compare(
    networks: Mapping[str, FloatModel],
    clips: Sequence[Source],
    material: Material,
    listed: Sequence[tuple[Method, int]],
    *,
    workers: Workers | None = None,
    known: Known | None = None,
) -> Comparison:
    """Quantize networks by several methods and score the results on the same clips.

    Parameters
    ----------
    networks : mapping of str to FloatModel
        By name; usually networks that differ only in the training seed.
    clips : sequence of Source
        Clips to score on.
    material : Material
        Calibration recordings, different from `clips`.
    listed : sequence of (Method, int)
        From `methods.chosen`.
    workers : Workers, optional
        As for `evaluate`.
    known : Known, optional
        As for `evaluate`.

    Raises
    ------
    ValueError, OSError
        As `evaluate` and `Calibration` do. The failure of a method is reported in its row.
    """
    known = known or Known()
    made = _make(networks, material, listed)
    systems: Systems = {
        name: {title: m.model for title, m in of.items() if isinstance(m, Made)}
        for name, of in made.items()
    }
    scored = _score(networks, systems, clips, workers or local(1), known)
    first = next(iter(scored.values()))
    refused = summarise(first)["refused"]
    kept = [clip for clip, of in zip(clips, first, strict=True) if not of.refused]
    errors = _errors(networks, systems, kept, known)
    found = [Network(n, m, made[n], scored[n], errors[n]) for n, m in networks.items()]
    return Comparison(rows(found, listed), refused)


def _make(
    networks: Mapping[str, FloatModel], material: Material, listed: Sequence[tuple[Method, int]]
) -> dict[str, dict[str, Made | str]]:
    made: dict[str, dict[str, Made | str]] = {name: {} for name in networks}
    with tqdm(total=len(networks) * len(listed), desc="quantize", disable=None) as bar:
        for name, network in networks.items():
            for method, bits in listed:
                bar.set_postfix_str(titled(method.name, bits))
                made[name][titled(method.name, bits)] = make(method, network, bits, material)
                bar.update()
    return made


def _score(
    networks: Mapping[str, FloatModel],
    systems: Systems,
    clips: Sequence[Source],
    workers: Workers,
    known: Known,
) -> dict[str, list[Scored]]:
    """Score all models of all networks in one pass; return the scores by network."""
    models: dict[tuple[str, str], Model] = {
        (name, title): model
        for name, network in networks.items()
        for title, model in {FLOAT: network, **systems[name]}.items()
    }
    labels = {f"{name}: {title}": (name, title) for name, title in models}
    asked = {label: System(models[of].digest) for label, of in labels.items()}
    scorer = Scorer(clips, {model.digest: model for model in models.values()})
    bar = tqdm(total=len(clips) * (1 + len(asked)), desc="score", unit="clip", disable=None)
    with bar, workers(scorer) as work:
        table = ScoreTable(clips, METRICS, known=known)
        found = table.fill(work, {NOISY: System(), **asked}, bar.update)
    return {
        name: [_of(clip, {NOISY: NOISY} | _titles(labels, name)) for clip in found]
        for name in networks
    }


def _titles(labels: Mapping[str, tuple[str, str]], network: str) -> dict[str, str]:
    return {label: title for label, (name, title) in labels.items() if name == network}


def _of(clip: Scored, titles: Mapping[str, str]) -> Scored:
    """Return a clip's scores for one network, by title; the clip's groups are dropped."""
    scores = {title: clip.scores[label] for label, title in titles.items() if clip.scores}
    return Scored(clip.name, (), scores, clip.refused)


def _errors(
    networks: Mapping[str, FloatModel], systems: Systems, clips: Sequence[Source], known: Known
) -> dict[str, dict[str, Float]]:
    bar = tqdm(total=len(networks) * len(clips), desc="output error", unit="clip", disable=None)
    with bar:
        return {
            name: output_errors(network, systems[name], clips, known=known, on_clip=bar.update)
            for name, network in networks.items()
        }
