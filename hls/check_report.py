"""Check a kernel's synthesis report: ``python hls/check_report.py REPORT``.

REPORT is ``csynth.xml``, the only report with every module: a pipelined loop becomes a module of
its own, which the top function's report does not show. The exit status is 1 if the estimated clock
misses the target, or a loop does not start an iteration every clock (II = 1).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

TARGET = "UserAssignments/TargetClockPeriod"
ESTIMATE = "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"


def is_loop(element: Element) -> bool:
    """Return whether an element is a loop: only loops have trip counts; nested ones are inside."""
    return element.find("TripCount") is not None


def innermost(loop: Element) -> bool:
    """Return whether no loop and no module is inside; False if the release lists no modules."""
    modules = loop.find("InstanceList")
    return modules is not None and len(modules) == 0 and not any(map(is_loop, loop))


def loop_problem(loop: Element) -> str | None:
    """Return the problem of a loop, or None."""
    interval = loop.findtext("PipelineII")
    if interval is None:
        return "not pipelined" if innermost(loop) else None
    return None if interval == "1" else f"II = {interval}, target 1"


def problems(report: Element) -> Iterator[str]:
    """Yield the problems of a kernel."""
    estimate, target = (float(report.findtext(path, "nan")) for path in (ESTIMATE, TARGET))
    if not estimate <= target:
        yield f"estimated clock {estimate:g} ns, target {target:g} ns"
    modules = report.findall("ModuleInformation/Module")
    if not any(module.find(".//PipelineII") is not None for module in modules):
        yield "no module has a pipelined loop"
    for module in modules:
        for loop in filter(is_loop, module.iterfind(".//SummaryOfLoopLatency//*")):
            problem = loop_problem(loop)
            if problem:
                yield f"{module.findtext('Name')}, loop {loop.findtext('Name')}: {problem}"


def main(path: str) -> int:
    """Print the problems, or that there are none, and return the exit status."""
    try:
        found = list(problems(ElementTree.parse(path).getroot()))
    except (OSError, ValueError, ElementTree.ParseError) as error:
        found = [f"cannot be read as csynth.xml: {error}"]
    for problem in found:
        print(f"{path}: {problem}", file=sys.stderr)
    if not found:
        print(f"{path}: every loop has II = 1, and the clock is met")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
