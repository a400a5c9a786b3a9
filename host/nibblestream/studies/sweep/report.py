"""Output of a sweep: models, CSV, JSON, a printed table and a figure."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...files.atomic import replacing
from ...files.folder import check
from ...network.float_model import FloatModel
from ...quantize import quantize
from . import picture
from .held_out import FOUND, Row
from .run import Sweep
from .space import Settings

JSON, ROWS, TRIALS, PICTURE = "sweep.json", "sweep.csv", "trials.csv", "sweep"
NOTES = """\
loss: against the float model; gain: over the paper's fixed choice with as many bits.
[ ]: 95% paired bootstrap intervals, on mixtures that the search did not see."""


def prepare(folder: Path) -> None:
    """Create the folder and check, before the search, that it can be written.

    Raises
    ------
    OSError
        As `folder.check` does.
    """
    check(folder, JSON)
    folder.mkdir(exist_ok=True)


def write(found: Sweep, model: FloatModel, folder: Path, command: str) -> None:
    """Write the results, each file atomically.

    The models are named MODEL-BITS.npz, for example paper-float-4-8.npz.
    """
    with replacing(folder / JSON) as temporary:
        temporary.write_text(json.dumps(_json(found, model, command), indent=1) + "\n")
    for row in found.rows:
        if row.kind == FOUND:
            name = file_name(model, row)
            replace(quantize(model, **row.settings), name=name).save(folder / f"{name}.npz")
    _csv(folder / ROWS, [_flat(row) for row in found.rows])
    _csv(
        folder / TRIALS,
        [{"stoi": t.stoi, "bytes": t.bytes, **_per_layer(t.settings)} for t in found.trials],
    )
    for suffix in (".pdf", ".png"):
        picture.draw(found, model, folder / f"{PICTURE}{suffix}")


def file_name(model: FloatModel, row: Row) -> str:
    """Return the file name, without suffix, of a row's model."""
    return "-".join([model.name, *map(str, row.settings["bits"])])


def table(found: Sweep) -> str:
    """Return the comparison as text."""
    width = max(len(row.label) for row in found.rows)
    lines = [f"{'':{width}} {'bytes':>8}  STOI   loss                       gain"]
    for row in found.rows:
        size = f"{row.bytes:,}" if row.bytes else ""
        mean = f"{row.figures['stoi'].mean:.4f}"
        lines.append(f"{row.label:{width}} {size:>8}  {mean} {_differences(row)}".rstrip())
    lines += ["", NOTES, *(settings(row) for row in found.rows if row.kind == FOUND)]
    if found.refused["count"]:
        first = found.refused["clips"][0]
        lines.append(f"refused {found.refused['count']} clips, {first['clip']}: {first['reason']}")
    return "\n".join(lines)


def settings(row: Row) -> str:
    """Return a row's settings as text, layer by layer."""
    layers = []
    for i, name in enumerate(row.settings["scheme"]):
        of = {key: values[i] for key, values in row.settings.items()}
        split = f", ratio {of['ratio']:.3g}, p {of['p_start']:g} to {of['p_stop']:g}"
        layers.append(
            f"{of['bits']}-bit {name}, m {of['m']}, k {of['k']}{split if 'rs' in name else ''}"
        )
    return f"{row.label}: {'; '.join(layers)}"


def _differences(row: Row) -> str:
    """Format loss and gain, if present; both are negative where STOI decreases."""
    shown = []
    if "loss" in row.figures:
        lost = row.figures["loss"]
        shown.append(_signed(-lost.mean, -lost.high, -lost.low))
    if "gain" in row.figures:
        shown.append(_signed(*row.figures["gain"]))
    return "  ".join(shown)


def _signed(mean: float, low: float, high: float) -> str:
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"


def _json(found: Sweep, model: FloatModel, command: str) -> dict[str, Any]:
    rows = [
        asdict(row) | {"figures": {key: f._asdict() for key, f in row.figures.items()}}
        for row in found.rows
    ]
    trials = [asdict(trial) for trial in found.trials]
    about = {"command": command, "model": model.name, "digest": model.digest}
    return {**about, "rows": rows, "refused": found.refused, "trials": trials}


def _flat(row: Row) -> dict[str, Any]:
    figures = {
        f"{key} {end}": value
        for key, figure in row.figures.items()
        for end, value in figure._asdict().items()
    }
    about = {"label": row.label, "bytes": row.bytes or "", "validation stoi": row.validation}
    return {**about, **figures, **_per_layer(row.settings)}


def _per_layer(of: Settings) -> dict[str, Any]:
    return {f"{key} {i}": value for key, values in of.items() for i, value in enumerate(values)}


def _csv(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    listed = list(lines)
    columns = dict.fromkeys(key for line in listed for key in line)
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(listed)
