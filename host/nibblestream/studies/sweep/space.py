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
    from optuna.trial import Trial

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
    """Search space of the settings of a network's layers, without redundant parameters.

    A parameter is drawn only where it has an effect, so no trials are wasted: m for tables that do
    not hold all values, the partition parameters for schemes that do not search for them, and k
    for schemes with a shift. The ratio is drawn as the number of external intervals, since all
    ratios between two such numbers give the same partition.

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

    def suggest(self, trial: Trial) -> Settings:
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
