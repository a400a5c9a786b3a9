"""Output of an exploration: a printed table of the front, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ...evaluate.table import WIDTH
from ...files.atomic import replacing
from ...hardware.boards import Board
from ..reproduce.product import Row, rounded
from .candidates import Candidate
from .front import best, distinct, front

HEADINGS: Final = (
    *("block", "DSP", "BRAM18", "LUT", "clocks\na {unit}", "latency\nin us"),
    *("{unit}s/s\nlive", "{unit}s/s", "bytes\na {unit}"),
)
MARKED: Final = {1: "DSPs", 3: "LUTs", 5: "latency", 7: "rate"}  # column: criterion
CAPTION: Final = """\
The Pareto front of DSPs, LUTs, latency and {unit}s/s; * is the best of a column. Geometries within
5% of one that is shown are left out. Latency and "live" are of one {unit} by itself, the rest is of
full blocks, which share a pass over the codes. Modelled at {clock:g} MHz, not measured."""


@dataclass(frozen=True)
class Exploration:
    """What was found for a board.

    Parameters
    ----------
    model : str
    unit : str
        "frame", or "row" for a network without speech.
    board : Board
    spare : float
        Share of each resource that is left.
    found : sequence of Candidate
    own : Candidate, optional
        The board's default geometry, unless it cannot run the model.
    """

    model: str
    unit: str
    board: Board
    spare: float
    found: Sequence[Candidate]
    own: Candidate | None = None

    @property
    def front(self) -> list[Candidate]:
        """The front, without neighbours that hardly differ."""
        return distinct(front(self.found))

    @property
    def best(self) -> Candidate:
        """The fastest in blocks."""
        return best(self.found)["rate"]

    @property
    def command(self) -> str:
        """The command that builds the best one."""
        return f"make overlay BOARD={self.board.name} GEOMETRY={self.best.geometry}"


def show(of: Exploration, console: Console | None = None) -> None:
    """Print the front and the command for the best one; plain text if not to a terminal."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH, no_color=True)
    title = f"{of.model} on {of.board.name} ({of.board.part}), {of.spare:.0%} of it left"
    table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, padding=0)
    table.add_column("geometry", overflow="fold")
    for heading in HEADINGS:
        table.add_column(heading.format(unit=of.unit), justify="right", no_wrap=True)
    for each in of.front:
        table.add_row(Text(str(each.geometry)), *_marked(each, best(of.front)))
    if of.own:
        table.add_section()
        table.add_row(Text(f"{of.own.geometry} (the default)"), *_cells(of.own))
    caption = CAPTION.format(unit=of.unit, clock=of.board.clock_mhz)
    if not of.own:
        caption += f"\nThe default, {of.board.geometry}, cannot run {of.model}."
    console.print(Group(table, Text(caption), Text(f"most {of.unit}s/s: {of.command}")))


def write(explorations: Sequence[Exploration], path: Path, about: Mapping[str, Any]) -> None:
    """Write all candidates as JSON, atomically.

    Parameters
    ----------
    explorations : sequence of Exploration
    path : path
    about : mapping
        Further entries of the JSON: the command.
    """
    data = {**about, "boards": [_json(each) for each in explorations]}
    with replacing(path) as temporary:
        text = json.dumps(data, indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _marked(each: Candidate, winners: Mapping[str, Candidate]) -> Iterator[str]:
    for place, cell in enumerate(_cells(each)):
        yield cell + "*" * (winners.get(MARKED.get(place, "")) is each)


def _cells(each: Candidate) -> list[str]:
    used = each.resources
    counts = [f"{count:,}" for count in (each.block, used.dsps, used.bram18, used.luts)]
    speed = [f"{each.clocks:,.0f}", f"{each.latency_us:,.1f}"]
    return [*counts, *speed, *(f"{x:,.0f}" for x in (each.live_rate, each.rate, each.bytes))]


def _json(of: Exploration) -> dict[str, Any]:
    shown = {each.geometry for each in of.front}
    rows = [{**_flat(each), "front": each.geometry in shown} for each in of.found]
    about: dict[str, Any] = {
        "model": of.model,
        "unit": of.unit,
        "board": of.board.name,
        "part": of.board.part,
    }
    about |= {"clock_mhz": of.board.clock_mhz, "spare": of.spare}
    about |= {"best": str(of.best.geometry), "command": of.command}
    return {**about, "own": _flat(of.own) if of.own else None, "rows": rows}


def _flat(each: Candidate) -> Row:
    row: Row = {"geometry": str(each.geometry), "block": each.block}
    row |= {"live_clocks": each.live_clocks, "clocks": each.clocks, "latency_us": each.latency_us}
    row |= {"live_rate": each.live_rate, "rate": each.rate}
    row |= {"live_bytes": each.live_bytes, "bytes": each.bytes}
    return rounded(row | asdict(each.resources))
