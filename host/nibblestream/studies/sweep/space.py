"""Search space of a sweep: for each layer, the arguments of `quantize` that apply to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from ... import spec
from ...network.scheme import CALIBRATED, NAMES, Scheme

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Settings = dict[str, Any]  # arguments of `quantize`, a value for each layer

SCHEMES = tuple(name for name in NAMES if name not in CALIBRATED)  # the schemes without calibration
SLOW = ("kmeans",)  # seconds per model: used only if named
QUICK = tuple(name for name in SCHEMES if name not in SLOW)
TOLD = ("u", "u-vbs", "rs", "rs-vbs")  # schemes that search for k only
PAPER = {"m": spec.MANTISSA_BITS, "k": None, "ratio": 1.0, "p_start": 0.04, "p_stop": 0.96}
TAIL = (0.001, 0.4)  # the share of weights in each half of the external partition
LARGEST_K = spec.WEIGHT_BITS - spec.MANTISSA_BITS


def paper_settings(bits: Sequence[int], k: Sequence[int | None] | None = None) -> Settings:
    """Return the paper's settings (section 4) for these bits: RS-VBS; uniform for 8 bits."""
    layers = [{"scheme": "u" if n == 8 else "rs-vbs", "bits": n, **PAPER} for n in bits]
    return _columns(layers) | ({} if k is None else {"k": list(k)})


def text(settings: Settings) -> str:
    """Return settings as JSON; equal settings give equal text."""
    return json.dumps(settings, sort_keys=True)


def external_ratio(bits: int, external: int) -> float:
    """Return the ratio that gives `external` external intervals, an even number below 2**bits."""
    return ((1 << bits) - external) / external


@dataclass(frozen=True)
class Space:
    """Search space of the settings of a network's layers.

    Every trial draws the same parameters, so that a sampler can model them jointly, and each has
    an effect for one of the schemes and bits at least. Settings hold the paper's value of those
    that have none for the scheme and bits drawn, so that equal settings are recognised. The ratio
    is drawn as the share of external intervals and rounded to one of their possible numbers, since
    all ratios between two such numbers give the same partition.

    Parameters
    ----------
    layers : int
    schemes : sequence of str
        Schemes to choose from. An 8-bit layer has no table; it is uniform (u) if none of these is.
    bits : sequence of int
        Bits per code (n) to choose from.

    Raises
    ------
    ValueError
        `schemes` or `bits` is empty or has unknown values.
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
        """Whether models of different sizes are possible."""
        return len(set(self.bits)) > 1

    def suggest(self, trial: BaseTrial) -> Settings:
        """Draw settings for all layers."""
        return _columns([self._layer(trial, i) for i in range(self.layers)])

    def starts(self, most: int) -> list[dict[str, Any]]:
        """Return the first trials: the paper's settings for up to `most` combinations of bits.

        Returns
        -------
        list of dict
            Values of a trial by parameter name, possibly more than its bits need.
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

    def _schemes(self) -> list[Scheme]:
        return [Scheme(name, bits) for bits in self.bits for name in self._names(bits)]

    def _layer(self, trial: BaseTrial, i: int) -> dict[str, Any]:
        of = self._draw(trial, i)
        names = self._names(of["bits"])
        scheme = Scheme(of["scheme"] if of["scheme"] in names else names[0], of["bits"])
        drawn: dict[str, Any] = {"scheme": scheme.name, "bits": scheme.bits, **PAPER}
        if scheme.split or scheme.free:
            drawn["m"] = max(of["m"], scheme.bits)
        if scheme.split and scheme.name in TOLD:
            drawn["ratio"] = external_ratio(scheme.bits, _even(of["external"], scheme.bits))
            drawn["p_start"] = round(of["below"], 4)
            drawn["p_stop"] = round(1 - of["above"], 4)
        if scheme.shifted and not of["find k"]:
            drawn["k"] = of["k"]
        return drawn

    def _draw(self, trial: BaseTrial, i: int) -> dict[str, Any]:
        """Draw each parameter of a layer that has an effect for any of the schemes and bits."""
        schemes = self._schemes()
        drawn = {
            "bits": _one_of(trial, f"bits {i}", self.bits),
            "scheme": _one_of(trial, f"scheme {i}", self.schemes),
        }
        tables = [scheme.bits for scheme in schemes if scheme.split or scheme.free]
        if tables:
            drawn["m"] = _one_of(trial, f"m {i}", range(min(tables), spec.MANTISSA_BITS + 1))
        if any(scheme.split and scheme.name in TOLD for scheme in schemes):
            drawn["external"] = trial.suggest_float(f"external {i}", 0, 1)
            drawn["below"] = trial.suggest_float(f"below {i}", *TAIL, log=True)
            drawn["above"] = trial.suggest_float(f"above {i}", *TAIL, log=True)
        if any(scheme.shifted for scheme in schemes):
            drawn["find k"] = trial.suggest_categorical(f"find k {i}", (True, False))
            drawn["k"] = trial.suggest_int(f"k {i}", 0, LARGEST_K)
        return drawn

    def _start(self, i: int, bits: int) -> dict[str, Any]:
        return {
            f"bits {i}": bits,
            f"scheme {i}": "rs-vbs" if "rs-vbs" in self.schemes else self.schemes[0],
            f"m {i}": spec.MANTISSA_BITS,
            f"external {i}": 0.5,
            f"below {i}": 0.04,
            f"above {i}": 0.04,
            f"find k {i}": True,
            f"k {i}": 0,
        }


def _even(share: float, bits: int) -> int:
    """Return the even number of external intervals, 2 to 2**bits - 2, for a share of that range."""
    most = (1 << bits) - 2
    return min(2 + 2 * int(share * most / 2), most)


def _one_of(trial: BaseTrial, name: str, values: Sequence[Any]) -> Any:
    if len(values) == 1:
        return values[0]
    if isinstance(values, range):
        return trial.suggest_int(name, values[0], values[-1], step=values.step)
    return trial.suggest_categorical(name, values)


def _columns(layers: Sequence[dict[str, Any]]) -> Settings:
    return {key: [layer[key] for layer in layers] for key in layers[0]}
