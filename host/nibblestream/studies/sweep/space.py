"""What a sweep chooses from: for each layer, the arguments of `quantize` that apply to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from ... import spec
from ...network.scheme import CALIBRATED, NAMES, Scheme

if TYPE_CHECKING:
    from optuna.trial import Trial

Settings = dict[str, Any]  # arguments of `quantize`, a value for each layer

SCHEMES = tuple(name for name in NAMES if name not in CALIBRATED)  # those that need weights alone
SLOW = ("kmeans",)  # seconds for a model, each time: only if named
QUICK = tuple(name for name in SCHEMES if name not in SLOW)
TOLD = ("u", "u-vbs", "rs", "rs-vbs")  # all but k is told; the others search on their own
PAPER = {"m": spec.MANTISSA_BITS, "k": None, "ratio": 1.0, "p_start": 0.04, "p_stop": 0.96}
TAIL = (0.001, 0.4)  # the share of weights in each half of the external partition
LARGEST_K = spec.WEIGHT_BITS - spec.MANTISSA_BITS


def paper_settings(bits: Sequence[int], k: Sequence[int | None] | None = None) -> Settings:
    """Return the paper's choice (section 4) for layers of so many bits: RS-VBS, 8 bits uniform."""
    layers = [{"scheme": "u" if n == 8 else "rs-vbs", "bits": n, **PAPER} for n in bits]
    return _columns(layers) | ({} if k is None else {"k": list(k)})


def text(settings: Settings) -> str:
    """Return settings as JSON, the same for the same settings."""
    return json.dumps(settings, sort_keys=True)


def external_ratio(bits: int, external: int) -> float:
    """Return the ratio that gives so many external intervals, an even number below 2**bits."""
    return ((1 << bits) - external) / external


@dataclass(frozen=True)
class Space:
    """All settings of a network's layers that name what each of them has, and no more.

    So there are no trials in vain: m is drawn where there is a table of other than all values, the
    partitions' parameters where a scheme does not search for them itself, k where there is a
    shift, and the ratio as the number of external intervals, for ratios between two such numbers
    are the same.

    Parameters
    ----------
    layers : int
    schemes : sequence of str
        To choose from. A layer of 8 bits, which has no table, is uniform (u) if they are not.
    bits : sequence of int
        n to choose from.

    Raises
    ------
    ValueError
        No or unknown schemes or bits.
    """

    layers: int
    schemes: Sequence[str] = QUICK
    bits: Sequence[int] = spec.CODE_BITS

    def __post_init__(self) -> None:
        for what, found, known in (
            ("schemes", self.schemes, SCHEMES),
            ("bits", self.bits, spec.CODE_BITS),
        ):
            if not found or not set(found) <= set(known):
                raise ValueError(
                    f"{what} to choose from are {list(found)}; expected some of "
                    f"{', '.join(map(str, known))}"
                )

    @property
    def mixed(self) -> bool:
        """Whether there are models of different sizes."""
        return len(set(self.bits)) > 1

    def suggest(self, trial: Trial) -> Settings:
        """Draw settings."""
        return _columns([self._layer(trial, i) for i in range(self.layers)])

    def starts(self, most: int) -> list[dict[str, Any]]:
        """Return what to try first: the paper's choice for all combinations of bits, or `most`.

        Returns
        -------
        list of dict
            What a trial is to draw, by name; also what it draws for other bits only.
        """
        mixes = sorted(product(self.bits, repeat=self.layers), key=lambda mix: len(set(mix)))
        return [
            {key: value for i, n in enumerate(mix) for key, value in self._start(i, n).items()}
            for mix in islice(mixes, most)
        ]

    def _names(self, bits: int) -> Sequence[str]:
        if bits < 8:
            return self.schemes
        return [name for name in self.schemes if name in ("u", "u-vbs")] or ["u"]

    def _layer(self, trial: Trial, i: int) -> dict[str, Any]:
        bits = _one_of(trial, f"bits {i}", self.bits)
        name = _one_of(trial, f"scheme {i}{' at 8' if bits == 8 else ''}", self._names(bits))
        scheme = Scheme(name, bits)
        drawn: dict[str, Any] = {"scheme": name, "bits": bits, **PAPER}
        if scheme.split or scheme.free:
            drawn["m"] = _one_of(trial, f"m {i} at {bits}", range(bits, spec.MANTISSA_BITS + 1))
        if scheme.split and name in TOLD:
            evens = range(2, 2**bits, 2)
            external = _one_of(trial, f"external {i} at {bits}", evens)
            drawn["ratio"] = external_ratio(bits, external)
            drawn["p_start"] = round(trial.suggest_float(f"below {i}", *TAIL, log=True), 4)
            drawn["p_stop"] = round(1 - trial.suggest_float(f"above {i}", *TAIL, log=True), 4)
        if scheme.shifted and not trial.suggest_categorical(f"find k {i}", (True, False)):
            drawn["k"] = _one_of(trial, f"k {i}", range(LARGEST_K + 1))
        return drawn

    def _start(self, i: int, bits: int) -> dict[str, Any]:
        names = self._names(bits)
        return {
            f"bits {i}": bits,
            f"scheme {i}{' at 8' if bits == 8 else ''}": "rs-vbs"
            if "rs-vbs" in names
            else names[0],
            f"m {i} at {bits}": spec.MANTISSA_BITS,
            f"external {i} at {bits}": 2 ** (bits - 1),
            f"below {i}": 0.04,
            f"above {i}": 0.04,
            f"find k {i}": True,
        }


def _one_of(trial: Trial, name: str, values: Sequence[Any]) -> Any:
    if len(values) == 1:
        return values[0]
    if isinstance(values, range):
        return trial.suggest_int(name, values[0], values[-1], step=values.step)
    return trial.suggest_categorical(name, values)


def _columns(layers: Sequence[dict[str, Any]]) -> Settings:
    return {key: [layer[key] for layer in layers] for key in layers[0]}
