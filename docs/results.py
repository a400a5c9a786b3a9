"""Make docs/results.md: the text of results.md.in, filled with figures from docs/results/*.json.

`make results` runs this script, and `make results-data` makes the JSON anew. A placeholder of the
text, like $table3_paper, is a table or a figure. An interval in the JSON is [mean, low, high].
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import results_networks as networks
import results_tables as tables

DOCS = Path(__file__).parent
TEXT, PAGE, DATA = DOCS / "results.md.in", DOCS / "results.md", DOCS / "results"
OURS = "nibblestream"

PARAGRAPH = textwrap.TextWrapper(100, break_long_words=False, break_on_hyphens=False)
ITEM = textwrap.TextWrapper(
    100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
)

Json = dict[str, Any]


def load(folder: Path = DATA) -> dict[str, Json]:
    """Return the contents of all JSON files, by name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


def page(data: dict[str, Json], text: str) -> str:
    """Return the page.

    Raises
    ------
    KeyError
        The text has a placeholder that no figure fills.
    """
    full = Template(text.rstrip("\n")).substitute(dict(figures(data)))
    return "\n\n".join(map(wrapped, full.split("\n\n")))


def wrapped(block: str) -> str:
    """Break the lines of a paragraph or list anew; headings, tables, code and images stay."""
    if block.startswith(("#", "|", "!", " ")):
        return block
    items = re.split(r"\n(?=\* )", block.rstrip("\n"))
    return "\n".join((ITEM if item.startswith("* ") else PARAGRAPH).fill(item) for item in items)


def figures(data: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every figure and table."""
    for name, found in data.items():
        yield f"command_{name.replace('-', '_')}", tables.command(found.get("command", ""))
    yield from _table3(data["table3"])
    yield from _compare(data["compare"])
    yield from _sweep(data["sweep"])
    yield "overhead", tables.overhead(data["sweep-overhead"])
    yield "overhead_trials", f"{data['sweep-overhead']['trials']:,}"
    yield from _channels(data["channels"])
    yield "clean", tables.clean(data["clean"])
    yield from _peers(data["peers"], data["peers-telephone"])
    yield from _emulation(data["emulation"])
    yield "memories", tables.memories(data["memories"])
    yield "memories_steps", f"{data['memories']['steps']:,}"
    yield from _bench(data["bench"])
    yield from _board(data["board"])
    yield "explore", tables.explore(data["explore"])
    yield from networks.tasks(data["tasks"])
    yield from networks.beside(data["topologies"], data["published"])


def _table3(found: Json) -> Iterator[tuple[str, str]]:
    yield "mixtures", str(found["rows"][0]["n"])
    for row in found["rows"]:
        if row["quantization"] == "4-NU/4-NU":
            yield "printed_nu", f"{row['paper_loss_percent']:g}"
            yield f"lost_{row['network']}_nu", tables.number(row["loss_percent"][0], 1)
        if row["quantization"] == "4-U/4-U":
            yield f"lost_{row['network']}_u", tables.number(row["loss_percent"][0], 1)
    for network in ("paper", "mlp"):
        yield f"table3_{network}", tables.table3(found, network)
    for of in (of for of in found["internal"] if of["layer"] == "first"):
        yield f"{of['network']}_lower", f"{of['lower']:.3f}"
        yield f"{of['network']}_upper", f"{of['upper']:.3f}"
    for of in found["levels"]:
        if (of["network"], of["layer"]) == ("paper", "first"):
            yield (
                {"rs": "levels_plain", "rs-vbs": "levels_shifted"}[of["scheme"]],
                str(of["levels"]),
            )
            if of["scheme"] == "rs":
                yield from (("codes", str(of["codes"])), ("width", f"{of['width']:.5f}"))
                yield "grid", f"{of['grid']:.5f}"


def _compare(found: Json) -> Iterator[tuple[str, str]]:
    yield "compare_mixtures", str(found["mixtures"])
    scored = [row for row in found["rows"] if row["bits"] and not row["failed"]]
    widths = sorted({row["bits"] for row in scored}, reverse=True)
    sections = (f"With {bits} bits:\n\n{tables.compare(found, bits)}" for bits in widths)
    yield "compare", "\n\n".join(sections)
    yield "compare_front", "\n".join(_front(scored))
    yield "compare_auto", " ".join(_auto(scored, bits) for bits in widths)
    four = [row for row in scored if row["bits"] == 4]
    others = sorted((row for row in four if row["library"] != OURS), key=_error)
    kinds = {
        "peer": others,
        "plain": [row for row in others if not row["calibrated"]],
        "fitting": [row for row in others if row["fits"] == "yes"],
    }
    for name, rows in kinds.items():
        yield from ((name, rows[0]["method"]), (f"{name}_error", tables.number(_error(rows[0]), 4)))
    rs_vbs = next(row for row in four if row["method"] == "rs-vbs")
    yield "rsvbs_lost", tables.number(rs_vbs["loss_percent"][0], 2)


def _front(rows: list[Json]) -> Iterator[str]:
    """Yield the rows on the Pareto front in rising order of bytes, as items of a list."""
    for row in sorted((row for row in rows if row["front"]), key=_bytes):
        yield f"* {row['method']}, {row['bits']} bits: {_bytes(row):,} bytes, {_error(row):.4f}"


def _auto(rows: list[Json], bits: int) -> str:
    """Say what `auto` loses, whether it is on the front, and if not, what beats it."""
    auto = next(row for row in rows if (row["method"], row["bits"]) == ("auto", bits))
    lost = f"loses {tables.number(auto['loss_percent'][0], 2)}% of STOI"
    text = f"With {bits} bits, `auto` {lost}, its output error is {_error(auto):.4f}, and "
    if auto["front"]:
        return f"{text}it is on the front."
    fewer = [row for row in rows if row["front"] and _bytes(row) <= _bytes(auto)]
    beaten = min(fewer, key=_error)
    by = f"{beaten['method']} of {beaten['bits']} bits, {_bytes(beaten):,} bytes"
    return f"{text}it is not on the front: {by}, has {_error(beaten):.4f}."


def _bytes(row: Json) -> int:
    return int(row["codes"] + row["extra"])


def _error(row: Json) -> float:
    return float(row["error"][0])


def _sweep(found: Json) -> Iterator[tuple[str, str]]:
    yield "sweep", tables.sweep(found)
    found_row = next(row for row in found["rows"] if row["kind"] == "found")
    yield "sweep_found", "; ".join(_settings(found_row["settings"]))
    for key in ("trials", "mixtures", "validation_mixtures"):
        yield f"sweep_{key}", str(found[key])


def _settings(of: Json) -> Iterator[str]:
    """Yield the settings of each layer in words."""
    for ratio, start, stop, k in zip(
        of["ratio"], of["p_start"], of["p_stop"], of["k"], strict=True
    ):
        yield f"ratio {ratio:.3g}, p {start:g} to {stop:g}, k {k}"


def _channels(found: Json) -> Iterator[tuple[str, str]]:
    yield "channels", tables.channels(found)
    worst = found["worst"]["default"]
    yield "worst_group", f"`{worst['group']}`"
    yield "worst_gain", "{:+.3f} [{:+.3f}, {:+.3f}]".format(*worst["gain"])


def _peers(found: Json, telephone: Json) -> Iterator[tuple[str, str]]:
    yield "peers_costs", tables.costs(found)
    yield "peers_mixtures", str(found["models"]["noisy"]["all"]["n"])
    yield "peers", tables.peers(found)
    yield "peers_telephone", tables.peers(telephone)
    versions = sorted({v for cost in found["costs"].values() for v in cost.get("versions", ())})
    yield "peers_versions", ", ".join(versions)


def _emulation(found: Json) -> Iterator[tuple[str, str]]:
    yield "emulation", tables.emulation(found)
    yield "audio", str(found["audio_seconds"])
    yield "runs", str(found["runs"])
    yield "emulation_threads", str(found["threads"])
    yield "emulation_machine", ", ".join([found["machine"], *found["versions"]])
    yield "emulation_hops", tables.emulated_hops(found)


def _bench(found: Json) -> Iterator[tuple[str, str]]:
    yield "machine", found["machine"]
    for backend in ("numpy", "emu", "csim", "virtual"):
        yield f"bench_{backend}", tables.bench(found, backend)
    yield "block", str(max(row["block"] for row in found["rows"]))
    spectra = found["rows"][0]["figures"]["spectra_bytes_per_frame"][0]
    yield "spectra", tables.number(spectra)
    yield "hops", tables.hops(found)
    yield "savings", "\n".join(f"* {line}" for line in found["savings"])
    yield "virtual_board", found["virtual"]["board"]
    yield "virtual_clock", f"{found['virtual']['clock'] / 1e6:g}"
    yield "access", f"{1e6 * found['virtual']['access']:g}"


def _board(found: Json) -> Iterator[tuple[str, str]]:
    yield from (("board", found["board"]), ("part", found["part"]))
    yield "clock", f"{found['clock_mhz']:g}"
    yield "clocks", tables.clocks(found)
    yield "resources", tables.resources(found)


if __name__ == "__main__":
    PAGE.write_text(page(load(), TEXT.read_text("utf-8")) + "\n", "utf-8")
