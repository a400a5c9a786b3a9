"""Reduce what the commands wrote to the small JSON files that docs/results.py reads.

`make results-data` runs the commands into build/results, and then this script, which writes what
the page shows into docs/results and copies the figures into docs/images. An interval is written
as [mean, low, high].

    python docs/results_data.py build/results [PART ...]
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from results_board import board, rounded, topologies

DOCS = Path(__file__).parent
OUTPUT = re.compile(r" (-o|--output|--json|--plot) \S*?([^/\s]+)(?=\s|$)")
PICTURES = {
    "reproduce": ("fig1", "fig2", "fig3", "fig4"),
    "compare": ("compare",),
    "explore": ("explore",),
}

EXPLORED = {"most frames/s": "clocks", "least latency": "latency_us", "fewest DSPs": "dsps"}

Json = dict[str, Any]


def table3(folder: Path) -> Json:
    """Return Table 3, and the intervals and levels of Figures 1 and 2."""
    found = _read(folder / "reproduce" / "results.json")
    tables = {name: rows for p in found["products"].values() for name, rows in p["tables"].items()}
    return {
        "command": _command(found),
        "rows": [_table3_row(row) for row in tables["table3"]],
        "internal": list(_internal(tables["fig1-intervals"])),
        "levels": list(_levels(tables["fig2"])),
    }


def _table3_row(row: Json) -> Json:
    name = f"{row['first']}/{row['second']}" if row["second"] else row["first"]
    kept = ("network", "n", "bytes", "paper_stoi", "paper_loss", "paper_loss_percent")
    return {
        "quantization": name.replace("RS-VBS", "NU"),
        **{key: row[key] for key in kept},
        "saved_percent": row["reduction_percent"],
        **{key: _flat(row, key) for key in ("stoi", "loss", "loss_percent")},
    }


def _internal(rows: Iterable[Json]) -> Iterator[Json]:
    """Yield where the internal partition of each layer begins and ends."""
    inside = (row for row in rows if row["partition"] == "internal")
    for (network, layer), group in groupby(inside, lambda row: (row["network"], row["layer"])):
        edges = list(group)
        yield {
            "network": network,
            "layer": layer,
            "lower": edges[0]["lower"],
            "upper": edges[-1]["upper"],
        }


def _levels(rows: Iterable[Json]) -> Iterator[Json]:
    """Yield how many different levels the codes of each layer have, by scheme."""
    for key, group in groupby(rows, lambda row: (row["network"], row["layer"], row["scheme"])):
        codes = list(group)
        inner = next(code for code in codes if code["partition"] == "internal")
        yield {
            **dict(zip(("network", "layer", "scheme"), key, strict=True)),
            "codes": len(codes),
            "levels": len({code["level"] for code in codes}),
            "width": inner["width"],
            "grid": inner["resolution"],
        }


def compare(folder: Path) -> Json:
    """Return the comparison of quantizers."""
    found = _read(folder / "compare" / "compare.json")
    kept = ("method", "bits", "library", "calibrated", "fits", "codes", "extra", "front", "failed")
    figures = ("stoi", "loss_percent", "si_sdr", "error")
    rows = [
        {key: row[key] for key in kept} | {key: _flat(row, key) for key in figures}
        for row in found["rows"]
    ]
    about = {"command": _command(found), "mixtures": _option(found, "count", 200)}
    return {**about, "networks": list(found["networks"]), "rows": rows}


def sweep(folder: Path) -> Json:
    """Return the comparison that a sweep ends with, and the settings that it found."""
    found = _read(folder / "sweep" / "sweep.json")
    kept = ("label", "kind", "bytes", "settings")
    rows = [
        {key: row[key] for key in kept} | {key: _mean(of) for key, of in row["figures"].items()}
        for row in found["rows"]
    ]
    about = {"command": _command(found), "trials": len(found["trials"])}
    about["mixtures"] = _option(found, "count", 200)
    about["validation_mixtures"] = _option(found, "val-count", 60)
    return {**about, "rows": rows}


def evaluation(name: str) -> Callable[[Path], Json]:
    """Return what reduces the JSON of `evaluate`: all clips, and each channel."""

    def reduce(folder: Path) -> Json:
        found = _read(folder / f"{name}.json")
        models = {
            model: {
                group: {key: _mean(value) for key, value in figures.items()}
                for group, figures in of["groups"].items()
                if group == "all" or re.fullmatch(r"channel=\w+", group)
            }
            for model, of in found["models"].items()
        }
        worst = {model: _worst(of["groups"]) for model, of in found["models"].items()}
        return {"command": _command(found), "models": models, "worst": worst}

    return reduce


def peers(name: str) -> Callable[[Path], Json]:
    """Return what reduces the JSON of `evaluate --peer`: scores, and what each system costs."""

    def reduce(folder: Path) -> Json:
        costs = _read(folder / f"{name}.json")["costs"]
        return {**evaluation(name)(folder), "costs": _rounded(costs)}

    return reduce


def _worst(groups: Json) -> Any:
    """Return the group of 10 clips or more in which a model gains least STOI, and its gain."""
    large = {name: of["d_stoi"] for name, of in groups.items() if of["n"] >= 10 and "d_stoi" in of}
    gains = sorted((of["mean"], name) for name, of in large.items())
    if not gains:
        return None
    name = gains[0][1]
    return {"group": name, "gain": _mean(large[name])}


def bench(folder: Path) -> Json:
    """Return the benchmark of the backends."""
    found = _read(folder / "bench.json")
    for row in found["rows"]:
        row["figures"] = {k: [rounded(f["value"]), f["kind"]] for k, f in row["figures"].items()}
    return {**found, "command": _command(found)}


def memories(folder: Path) -> Json:
    """Return what each kind of memory gave in the same training."""
    return _rounded(_read(folder / "memories.json"))


def emulation(folder: Path) -> Json:
    """Return the times of the emulation and its peers."""
    return _rounded(_read(folder / "emulation.json"))


def sweep_overhead(folder: Path) -> Json:
    """Return the time of scheduling per trial, as a sweep goes on."""
    return _rounded(_read(folder / "sweep-overhead.json"))


def tasks(folder: Path) -> Json:
    """Return what the page shows of the tasks."""
    found = _read(folder / "tasks" / "tasks.json")
    kept = ("task", "network", "metric", "scaling", "scheme", "bits", "codes", "stream", "block")
    kept += ("block_clocks", "rows_per_second", "latency_us")
    rows = [
        {key: row[key] for key in kept} | {key: _flat(row, key) for key in ("score", "lost")}
        for row in found["rows"]
    ]
    seeds = 1 + max(row["seed"] for row in found["seeds"])
    return {"command": _command(found), "seeds": seeds, "board": found["board"], "rows": rows}


def explore(folder: Path) -> Json:
    """Return the default geometry of each board, and the best of those that it could have."""
    found = _read(folder / "explore.json")
    kept = ("geometry", "clocks", "latency_us", "rate", "dsps", "bram18", "luts")
    rows = []
    for on in found["boards"]:
        chosen = {"default": on["own"]}
        for why, key in EXPLORED.items():
            chosen[why] = min(on["rows"], key=lambda row: (row[key], row["clocks"]))
        for why, row in chosen.items():
            rows.append({"board": on["board"], "why": why, **{key: row[key] for key in kept}})
    return {"command": _command(found), "model": found["boards"][0]["model"], "rows": rows}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _command(found: Json) -> str:
    """Return the command without the folders of its output and of the recordings."""
    return OUTPUT.sub(r" \1 \2", str(found["command"])).replace("../shared/data/", "")


def _option(found: Json, name: str, default: int) -> int:
    """Return a number that the command was given, or the option's default."""
    given = re.search(rf" --{name} (\d+)", str(found["command"]))
    return int(given[1]) if given else default


def _flat(row: Json, key: str) -> Any:
    interval = [row[f"{key}{end}"] for end in ("", "_low", "_high")]
    return None if interval[0] is None else interval


def _mean(figure: Any) -> Any:
    if not isinstance(figure, dict):
        return figure
    return [rounded(figure[end]) for end in ("mean", "low", "high")]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return rounded(value) if isinstance(value, float) else value


PARTS: dict[str, Callable[[Path], Json]] = {
    "table3": table3,
    "compare": compare,
    "sweep": sweep,
    "sweep-overhead": sweep_overhead,
    "channels": evaluation("channels"),
    "clean": evaluation("clean"),
    "peers": peers("peers"),
    "peers-telephone": peers("peers-telephone"),
    "bench": bench,
    "emulation": emulation,
    "memories": memories,
    "tasks": tasks,
    "board": lambda _: board(),
    "explore": explore,
    "topologies": lambda _: topologies(_read(DOCS / "results" / "published.json")),
}


def main(folder: Path, names: Iterable[str]) -> None:
    """Write the JSON of some parts, and copy the figures of those that draw."""
    for name in names:
        text = json.dumps(PARTS[name](folder), separators=(",", ":"), allow_nan=False)
        lines = text.replace("},{", "},\n{").replace('"rows":[', '"rows":[\n')
        (DOCS / "results" / f"{name}.json").write_text(f"{lines}\n", encoding="utf-8")
    for source, pictures in PICTURES.items():
        for picture in pictures if source.replace("reproduce", "table3") in names else ():
            shutil.copy(folder / source / f"{picture}.png", DOCS / "images")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or PARTS)
