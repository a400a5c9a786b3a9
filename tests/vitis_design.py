"""What the stubs of AMD's tools know of a design: the checks that a synthesiser makes, its outputs.

Nothing is synthesised: what is missing or contradictory is found, and reports are made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from nibblestream.hardware.boards import BOARDS

PARTS = {board.part for board in BOARDS.values()}
VENDOR_HEADERS = {"ap_int.h", "hls_stream.h", "ap_axi_sdata.h"}


class ToolError(Exception):
    """What the tool would refuse."""


def require(condition: object, message: str) -> None:
    if not condition:
        raise ToolError(message)


def existing(path: str) -> Path:
    require(Path(path).is_file(), f"no file {path}")
    return Path(path)


def without_comments(path: Path) -> str:
    return re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8"))


def add_headers(source: Path, folders: list[Path], found: set[Path]) -> None:
    """Add the headers that a source includes, and those that they include; all must be there."""
    for kind, name in re.findall(r'#include\s*([<"])([^>"]+)', without_comments(source)):
        paths = [folder / name for folder in [source.parent, *folders] if (folder / name).is_file()]
        known = name in VENDOR_HEADERS or (kind == "<" and not name.endswith((".h", ".hpp")))
        require(paths or known, f"{source.name} includes {name}, which no folder has")
        if paths and paths[0] not in found:
            found.add(paths[0])
            add_headers(paths[0], folders, found)


def defines(text: str, function: str) -> bool:
    return re.search(rf"\b{function}\s*\([^;{{)]*\)\s*\{{", text) is not None


@dataclass
class Design:
    """Sources with their flags, and what is to be made of them."""

    top: str = ""
    part: str = ""
    period: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    benches: dict[str, str] = field(default_factory=dict)

    def check_compiles(self, files: dict[str, str]) -> set[Path]:
        headers: set[Path] = set()
        for path, flags in files.items():
            words = flags.split()
            bad = [word for word in words if not re.fullmatch(r"-std=c\+\+1[14]|-I/.+|-D\w+", word)]
            require(not bad, f"flags that the tool does not know: {bad}")
            folders = [Path(word[2:]) for word in words if word.startswith("-I")]
            require(all(folder.is_dir() for folder in folders), f"a folder is missing: {flags}")
            add_headers(existing(path), folders, headers)
        return headers

    def check_links(self, headers: set[Path]) -> None:
        """Every function that a header declares and a source calls has its body in a source."""
        text = "".join(without_comments(Path(path)) for path in self.sources)
        require(defines(text, self.top), f"{self.top} is not defined")
        for header in headers:
            for name in re.findall(
                r"^\w+ (\w+)\([^;{]*\);", without_comments(header), re.MULTILINE
            ):
                called = re.search(rf"\b{name}\s*\(", text)
                require(not called or defines(text, name), f"{name} is called and not defined")

    def check_simulates(self, argv: str) -> None:
        """Sources and a bench are there, and the file that the bench is to read."""
        require(self.sources and self.benches, "no sources or no test bench")
        self.check_compiles(self.sources | self.benches)
        require(argv, "the test bench is given no golden vectors")
        for word in argv.split():
            existing(word)

    def check_synthesises(self) -> None:
        require(self.top, "no top function is set")
        require(self.part in PARTS, f"{self.part or 'none'} is not the part of a board")
        require(re.fullmatch(r"\d+(\.\d+)?(ns)?", self.period), f"clock {self.period or 'none'}")
        self.check_links(self.check_compiles(self.sources))

    def write_report(self, solution: Path, interval: str) -> None:
        report = solution / "syn/report/csynth.xml"
        report.parent.mkdir(parents=True, exist_ok=True)
        module = module_xml(f"{self.top}_Pipeline_MAC", loop_xml("MAC", PipelineII=interval))
        period = float(self.period.removesuffix("ns"))
        report.write_text(report_xml(module, target=period, estimate=0.73 * period))


def write_ip(solution: Path, vlnv: dict[str, str]) -> None:
    path = solution / "impl/ip/component.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    items = "".join(f"<spirit:{key}>{value}</spirit:{key}>" for key, value in vlnv.items())
    path.write_text(f"<spirit:component>{items}</spirit:component>\n", encoding="utf-8")


def loop_xml(name: str, inside: str = "<InstanceList/>", **items: str) -> str:
    """A loop as csynth.xml has it; `inside` are modules it runs, and loops in it."""
    body = "".join(f"<{key}>{value}</{key}>" for key, value in items.items())
    trips = "<TripCount><range><min>1</min><max>32</max></range></TripCount>"
    return f"<{name}><Name>{name}</Name><Slack>7.30</Slack>{trips}{body}{inside}</{name}>"


def module_xml(name: str, loops: str) -> str:
    return (
        f"<Module><Name>{name}</Name><Loops><MAC/></Loops><PerformanceEstimates>"
        f"<SummaryOfLoopLatency>{loops}</SummaryOfLoopLatency></PerformanceEstimates></Module>"
    )


def report_xml(modules: str, *, target: float = 10, estimate: float = 7.3) -> str:
    """csynth.xml as releases 2020.2 to 2025.2 write it, as far as check_report.py reads it."""
    return (
        "<profile><ReportVersion><Version>2023.1</Version></ReportVersion><UserAssignments>"
        f"<unit>ns</unit><TargetClockPeriod>{target:.2f}</TargetClockPeriod></UserAssignments>"
        "<PerformanceEstimates><SummaryOfTimingAnalysis><unit>ns</unit>"
        f"<EstimatedClockPeriod>{estimate:.3f}</EstimatedClockPeriod></SummaryOfTimingAnalysis>"
        f"</PerformanceEstimates><ModuleInformation>{modules}</ModuleInformation></profile>"
    )
