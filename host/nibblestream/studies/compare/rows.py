"""The rows of the comparison, for each network and for all networks pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...evaluate.bootstrap import Interval, interval
from ...evaluate.clip import Float
from ...evaluate.score import NOISY, Scored
from ...evaluate.summary import ALL, summarise
from ...network.float_model import FloatModel
from ...network.pack import ideal_bytes
from .fit import NO, ROUNDED, YES, fit
from .kept import Made
from .method import Method
from .methods import ALL_BITS, in_words

FLOAT = "float"
POOLED = "all networks"
METRICS = {  # metric of `summarise`: its name in rows
    "stoi": "stoi",
    "loss_stoi_percent": "loss_percent",
    "si_sdr": "si_sdr",
    "loss_si_sdr": "loss_si_sdr",
}


@dataclass(frozen=True)
class Row:
    """A method on one network, or pooled over all networks.

    Parameters
    ----------
    network, method : str
    bits : int, optional
        Bits per code; None for the noisy input and the float network.
    library : str
        Library of the method.
    calibrated : bool
        Whether the method uses calibration recordings.
    fits : {"yes", "rounded", "no", ""}
        Result of `fit`.
    codes, extra : int, optional
        Bytes of the codes, and of all other weight data; None if the networks differ in them.
    seconds : float, optional
        Mean duration of the quantization.
    figures : dict
        Mean and interval by name: "stoi", "si_sdr", "loss_percent" (of STOI) and "loss_si_sdr"
        relative to the float network, and "error" of the outputs.
    failed : str
        Reason why the method failed; empty if it did not.
    """

    network: str
    method: str
    bits: int | None = None
    library: str = ""
    calibrated: bool = False
    fits: str = ""
    codes: int | None = None
    extra: int | None = None
    seconds: float | None = None
    figures: dict[str, Interval] = field(default_factory=dict)
    failed: str = ""

    @property
    def title(self) -> str:
        """The row's label in tables and figures."""
        return titled(self.method, self.bits)

    @property
    def bytes(self) -> int | None:
        """Bytes of codes and of all other weight data."""
        return None if self.codes is None or self.extra is None else self.codes + self.extra


@dataclass(frozen=True)
class Network:
    """One network with its quantized models and their scores, by row title.

    Parameters
    ----------
    name : str
    model : FloatModel
    made : dict
        By title, a quantized model, or the reason why there is none.
    scored : list of Scored
        For each clip, the scores by title, including NOISY and FLOAT.
    errors : dict
        By title, the mean squared output error of every clip that was not refused.
    """

    name: str
    model: FloatModel
    made: Mapping[str, Made | str]
    scored: Sequence[Scored]
    errors: Mapping[str, Float]


def titled(method: str, bits: int | None) -> str:
    """Return a row's label; the bit width is omitted when it is 4."""
    return method if bits in (None, ALL_BITS) else f"{method}, {bits} bits"


def rows(networks: Sequence[Network], listed: Sequence[tuple[Method, int]]) -> list[Row]:
    """Return the pooled rows, if there are several networks, followed by those of each network."""
    groups = {network.name: [network] for network in networks}
    if len(networks) > 1:
        groups = {POOLED: list(networks), **groups}
    return [row for name, of in groups.items() for row in _rows(name, of, listed)]


def _rows(name: str, of: Sequence[Network], listed: Sequence[tuple[Method, int]]) -> list[Row]:
    figures = _figures(of)
    found = [Row(name, label, figures=figures[label]) for label in (NOISY, FLOAT)]
    for method, bits in listed:
        title, about = titled(method.name, bits), in_words(method, bits)
        made = [network.made[title] for network in of]
        failed = [why for why in made if isinstance(why, str)]
        if failed:
            found.append(Row(name, **about, failed=failed[0]))
            continue
        sizes = _sizes([(n.model, m) for n, m in zip(of, made, strict=True)], bits)
        found.append(Row(name, **about, **sizes, figures=figures[title]))
    return found


def _figures(of: Sequence[Network]) -> dict[str, dict[str, Interval]]:
    """Return means and intervals by title; the bootstrap draws clips of one name together."""
    titles = [title for title in of[0].errors if all(title in n.errors for n in of)]
    scored = [_only(clip, [NOISY, FLOAT, *titles]) for n in of for clip in n.scored]
    found = summarise(scored, origins=dict.fromkeys(titles, FLOAT))["models"]
    names = [clip.name for clip in scored if not clip.refused]
    figures = {}
    for title in (NOISY, FLOAT, *titles):
        scores = found[title]["groups"][ALL]
        figures[title] = {ours: Interval(**scores[m]) for m, ours in METRICS.items() if m in scores}
        if title in titles:
            squares = np.concatenate([network.errors[title] for network in of])
            mean = interval(squares, np.ones(len(squares)), names)
            figures[title]["error"] = Interval(*(float(np.sqrt(end)) for end in mean))
    return figures


def _only(clip: Scored, titles: Sequence[str]) -> Scored:
    scores = {title: clip.scores[title] for title in titles} if clip.scores else {}
    return Scored(clip.name, clip.groups, scores, clip.refused)


def _sizes(made: Sequence[tuple[FloatModel, Any]], bits: int) -> dict[str, Any]:
    sizes = {(_codes(network, bits), found.extra) for network, found in made}
    codes, extra = sizes.pop() if len(sizes) == 1 else (None, None)
    fits = max((_fits(found, bits) for _, found in made), key=(YES, ROUNDED, NO).index)
    seconds = float(np.mean([found.seconds for _, found in made]))
    return {"codes": codes, "extra": extra, "fits": fits, "seconds": seconds}


def _codes(network: FloatModel, bits: int) -> int:
    return sum(ideal_bytes((len(w), w.shape[1]), bits) for w in network.weights)


def _fits(made: Made, bits: int) -> str:
    """Return how a model's weights fit; a quantized model, which has tables, always fits."""
    return fit(made.model.weights, bits) if isinstance(made.model, FloatModel) else YES
