"""Make docs/reliability.md: the text of reliability.md.in, filled from docs/reliability/*.json.

`make fuzz` and `make soak` write those files into build/reliability, `make reliability` copies them
and runs this script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import Template
from typing import Any

from results import DOCS, load, wrapped

TEXT, PAGE, DATA = DOCS / "reliability.md.in", DOCS / "reliability.md", DOCS / "reliability"
CORPUS = DOCS.parent / "tests" / "fuzz" / "corpus"
WHAT = {
    "models": "model files",
    "waves": "wav streams",
    "recordings": "audio files",
    "graphs": "ONNX graphs",
    "rows": "files of rows",
    "manifests": "manifests of mixtures",
    "streams": "streams of codes, into the kernels with sanitizers",
}

Json = dict[str, Any]


def page(data: dict[str, Json], text: str) -> str:
    """Return the page; KeyError names a placeholder of the text that no figure fills."""
    full = Template(text.rstrip("\n")).substitute(dict(figures(data)))
    return "\n\n".join(map(wrapped, full.split("\n\n")))


def figures(data: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every figure and table."""
    targets, soak = data["fuzz"]["targets"], data["soak"]
    for part in ("fuzz", "soak", "kill"):
        yield f"{part}_command", data[part]["command"]
    yield "fuzz", _table(("input", "inputs", "accepted", "findings", "mended"), _fuzz(targets))
    yield "inputs", f"{sum(found['inputs'] for found in targets.values()):,}"
    for name in ("blocks", "faulty", "refused", "boards", "boards_refused"):
        yield name, f"{soak.get(name, 0):,}"
    yield "faults", _table(("fault", "times"), soak["faults"].items())
    for name in ("slowest_board_seconds", "resident_megabytes", "resident_growth_megabytes"):
        yield name, f"{soak[name]:g}"
    yield "kill", _table(("command", "killed", "of them while writing"), _kill(data["kill"]))


def _fuzz(targets: Json) -> Iterator[tuple[str | int, ...]]:
    for name, found in targets.items():
        mended = len([*(CORPUS / name).glob("*")])
        yield WHAT[name], found["inputs"], found["accepted"], len(found["findings"]), mended


def _kill(found: Json) -> Iterator[tuple[str | int, ...]]:
    for name, counts in found["commands"].items():
        yield name, counts["killed"], counts["while_writing"]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str | int]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1)]
    lines += [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(load(DATA), TEXT.read_text("utf-8")) + "\n", "utf-8")
