"""A strict stand-in for Vitis HLS's Tcl shell: its commands, their options, their order.

Options are those that UG1399 documents for 2020.2 and for 2023.2. What the tool would not take ends
the script, with the script's line. A real Tcl interpreter runs the script.
"""

from __future__ import annotations

import json
import os
import tkinter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vitis_design import Design, ToolError, require, write_ip

SIMULATION = {"-O": False, "-argv": True, "-ldflags": True, "-mflags": True, "-setup": False}
VLNV = {"-vendor": True, "-library": True, "-ipname": True, "-version": True}
OPTIONS: dict[str, dict[str, bool]] = {  # whether an option takes a value
    "open_project": {"-reset": False},
    "close_project": {},
    "set_top": {},
    "add_files": {"-tb": False, "-cflags": True, "-csimflags": True, "-blackbox": True},
    "open_solution": {"-reset": False, "-flow_target": True},
    "set_part": {},
    "create_clock": {"-period": True, "-name": True},
    "csim_design": SIMULATION | {"-clean": False, "-profile": False},
    "csynth_design": {},
    "cosim_design": SIMULATION | {"-rtl": True, "-tool": True, "-trace_level": True},
    "export_design": VLNV
    | {"-format": True, "-description": True, "-display_name": True, "-output": True, "-rtl": True},
}
ARGUMENTS = {"open_project": 1, "set_top": 1, "add_files": 1, "open_solution": 1, "set_part": 1}

# Every command goes to Python with the line that it stands on; what Python refuses is an error.
WRAPPERS = """
proc refuse_or_return {answer} {
    lassign $answer refused message
    if {$refused} { return -code error -level 2 $message }
}
foreach command [list %s] {
    proc $command args "refuse_or_return \\[vendor $command \\[info frame -1\\] \\$args\\]"
}
proc unknown {name args} { refuse_or_return [vendor $name [info frame -1] $args] }
proc exit {{code 0}} { set ::exit_code $code; interp cancel -unwind }
"""


@dataclass
class Project:
    folder: str
    solution: str = ""
    synthesised: bool = False
    design: Design = field(default_factory=Design)


class HlsShell:
    """Runs one script; `errors` is what the tool refused, each with its line."""

    def __init__(self) -> None:
        self.project: Project | None = None
        self.errors: list[str] = []
        self.called: list[str] = []
        self.tcl = tkinter.Tcl()
        self.tcl.createcommand("vendor", self._vendor)
        self.tcl.eval(WRAPPERS % " ".join(OPTIONS))

    def run(self, script: Path, argv: list[str]) -> int:
        """Run a script and return the status that it exits with."""
        self.tcl.call("set", "argv", argv)
        try:
            self.tcl.call("source", str(script))
        except tkinter.TclError as error:
            if not self.tcl.getboolean(self.tcl.eval("info exists exit_code")):
                raise ToolError(f"the script ends by an error, not by exit 1: {error}") from error
        else:
            raise ToolError("the script ends without exit, so the tool would wait for commands")
        code = int(self.tcl.eval("set exit_code"))
        require(code != 0 or not self.errors, f"the script exits with 0 after: {self.errors}")
        return code

    def _vendor(self, command: str, frame: str, words: str) -> tuple[int, str]:
        try:
            require(command in OPTIONS, f"unknown command {command}")
            self.called.append(command)
            options, arguments = self._parse(command, list(self.tcl.splitlist(words)))
            getattr(self, f"_{command}")(options, *arguments)
        except ToolError as error:
            place = dict(zip(*[iter(self.tcl.splitlist(frame))] * 2, strict=True))
            file = Path(str(place.get("file", "?"))).name
            self.errors.append(f"{file}:{place.get('line')}: {command}: {error}")
            return 1, self.errors[-1]
        return 0, ""

    def _parse(self, command: str, words: list[str]) -> tuple[dict[str, str], list[str]]:
        known, options, arguments = OPTIONS[command], {}, []
        while words:
            word = words.pop(0)
            if not word.startswith("-"):
                arguments.append(word)
                continue
            require(word in known, f"unknown option {word}")
            require(not known[word] or (words and words[0] not in known), f"{word} lacks a value")
            options[word] = words.pop(0) if known[word] else ""
        expected = ARGUMENTS.get(command, 0)
        require(len(arguments) == expected, f"{len(arguments)} arguments, {expected} expected")
        return options, arguments

    def _opened(self) -> Project:
        require(self.project, "no project is open")
        assert self.project
        return self.project

    def _solved(self) -> Project:
        require(self._opened().solution, "no solution is open")
        return self._opened()

    def _open_project(self, options: dict[str, str], folder: str) -> None:
        require(not self.project, "a project is open already")
        self.project = Project(folder)
        saved = Path(folder, "project.json")
        if "-reset" not in options and saved.exists():
            state = json.loads(saved.read_text())
            self.project = Project(**{**state, "design": Design(**state["design"]), "solution": ""})
        saved.parent.mkdir(parents=True, exist_ok=True)

    def _close_project(self, options: dict[str, str]) -> None:
        self._opened()
        self.project = None

    def _set_top(self, options: dict[str, str], top: str) -> None:
        self._opened().design.top = top

    def _add_files(self, options: dict[str, str], files: str) -> None:
        design = self._opened().design
        for file in files.split():
            require(Path(file).is_file(), f"no file {file}")
            added = design.benches if "-tb" in options else design.sources
            added[file] = options.get("-cflags", "")

    def _open_solution(self, options: dict[str, str], solution: str) -> None:
        require(options.get("-flow_target", "vivado") in ("vivado", "vitis"), "no such flow target")
        project = self._opened()
        if "-reset" in options:
            project.synthesised = False
        project.solution = solution

    def _set_part(self, options: dict[str, str], part: str) -> None:
        self._solved().design.part = part

    def _create_clock(self, options: dict[str, str]) -> None:
        self._solved().design.period = options.get("-period", "")

    def _csim_design(self, options: dict[str, str]) -> None:
        self._solved().design.check_simulates(options.get("-argv", ""))

    def _csynth_design(self, options: dict[str, str]) -> None:
        project = self._solved()
        project.design.check_synthesises()
        solution = Path(project.folder, project.solution)
        project.design.write_report(solution, os.environ.get("STUB_INTERVAL", "1"))
        project.synthesised = True
        Path(project.folder, "project.json").write_text(json.dumps(asdict(project)))

    def _cosim_design(self, options: dict[str, str]) -> None:
        require(self._solved().synthesised, "nothing is synthesised yet")
        self._solved().design.check_simulates(options.get("-argv", ""))

    def _export_design(self, options: dict[str, str]) -> None:
        project = self._solved()
        require(project.synthesised, "nothing is synthesised yet")
        formats = ("ip_catalog", "xo", "syn_dcp", "sysgen")
        require(options.get("-format") in formats, f"no such format: {options.get('-format')}")
        vlnv = {
            "vendor": options.get("-vendor", "xilinx.com"),
            "library": options.get("-library", "hls"),
            "name": options.get("-ipname", project.design.top),
            "version": options.get("-version", "1.0"),
        }
        write_ip(Path(project.folder, project.solution), vlnv)


def main(argv: list[str]) -> int:
    """``vitis_hls -f SCRIPT [-tclargs ARGUMENT...]``; argv of the script is the whole line."""
    require(len(argv) >= 2 and argv[0] == "-f", f"vitis_hls {argv}: -f SCRIPT comes first")
    require(len(argv) == 2 or argv[2] == "-tclargs", f"vitis_hls {argv}: unknown options")
    return HlsShell().run(Path(argv[1]), argv)
