"""Stand-ins for the Vivado commands that the scripts use, as strict as Vivado."""

from __future__ import annotations

from pathlib import Path

import catalogue
import hwh
import rules
import systems
from design import Cell, Design, DesignError, ValidationError, require
from nibblestream.hardware.boards import BOARDS
from ports import Bus, Ip, Pin
from tcl import Answer, Interpreter, Signature

PARTS = {board.part for board in BOARDS.values()}
RUN = {"PROGRESS": "100%", "STATUS": "write_bitstream Complete!"}
Options = dict[str, str]
SIGNATURES = {
    "version": Signature("-short"),
    "create_project": Signature("-force -part:", 2, 2),
    "open_project": Signature("", 1, 1),
    "current_project": Signature(),
    "current_fileset": Signature(),
    "set_property": Signature("-dict:", 1, 3),
    "get_property": Signature("", 2, 2),
    "update_ip_catalog": Signature("-rebuild"),
    "update_compile_order": Signature("-fileset:"),
    "create_bd_design": Signature("", 1, 1),
    "create_bd_cell": Signature("-type: -vlnv:", 1, 1),
    "create_bd_intf_port": Signature("-mode: -vlnv:", 1, 1),
    "get_bd_pins": Signature("", 1, 1),
    "get_bd_intf_pins": Signature("", 1, 1),
    "get_bd_intf_ports": Signature("", 1, 1),
    "get_bd_addr_spaces": Signature("", 1, 1),
    "get_bd_addr_segs": Signature("-quiet", 1, 1),
    "connect_bd_net": Signature("", 2, 99),
    "connect_bd_intf_net": Signature("", 2, 2),
    "assign_bd_address": Signature("-offset: -range: -target_address_space: -force", 1, 1),
    "exclude_bd_addr_seg": Signature("-target_address_space:", 1, 1),
    "validate_bd_design": Signature(),
    "save_bd_design": Signature(),
    "get_files": Signature("", 1, 1),
    "make_wrapper": Signature("-files: -top"),
    "add_files": Signature("-norecurse", 1, 1),
    "launch_runs": Signature("-to_step: -jobs:", 1, 1),
    "wait_on_run": Signature("", 1, 1),
    "get_runs": Signature("", 1, 1),
}


class Vivado:
    """Vivado without synthesis: a run writes the handoff and an empty .bit.

    Parameters
    ----------
    kernels : dict of Ip
        By VLNV; they are in the catalogue once the script has set a repository of IP.
    slack : float
        Slack of the implemented design, in ns.
    """

    def __init__(self, kernels: dict[str, Ip], slack: float = 0.1) -> None:
        self.ips = {ip.vlnv: ip for ip in (*catalogue.IPS, *systems.IPS)}
        self._kernels, self._slack = kernels, slack
        self._project = Path()
        self._part, self._opened, self._valid, self._top = "", False, False, ""
        self._properties: dict[tuple[str, str], str] = {}
        self._design: Design | None = None
        self._tcl = Interpreter({})

    def run(self, script: Path, *argv: str) -> list[str]:
        """Run a script, as in a new process of Vivado, and return its errors."""
        self._opened = False
        commands = {name: (sig, getattr(self, f"_{name}")) for name, sig in SIGNATURES.items()}
        self._tcl = Interpreter(commands)
        self._tcl.run(script, *argv)
        return self._tcl.errors

    @property
    def design(self) -> Design:
        """The block design."""
        if self._design is None:
            raise DesignError("there is no block design")
        return self._design

    # --- project ------------------------------------------------------------------------------
    def _version(self, options: Options) -> Answer:
        return "2023.1"

    def _create_project(self, options: Options, name: str, folder: str) -> Answer:
        require(options.get("-part") in PARTS, f"no board has the part {options.get('-part')}")
        self._part, self._project, self._opened = options["-part"], Path(folder, name), True
        return self._current_project({})

    def _open_project(self, options: Options, file: str) -> None:
        require(self._project and Path(file) == self._project.with_suffix(".xpr"), f"no {file}")
        self._opened = True

    def _current_project(self, options: Options) -> Answer:
        require(self._opened, "no project is open")
        return f"project {self._project.name}"

    def _current_fileset(self, options: Options) -> Answer:
        return self._current_project({}) and "fileset sources_1"

    def _update_ip_catalog(self, options: Options) -> None:
        if self._properties.get((str(self._current_project({})), "ip_repo_paths")):
            self.ips |= self._kernels

    def _update_compile_order(self, options: Options) -> None:
        require(options.get("-fileset") == "sources_1", f"no fileset {options.get('-fileset')}")

    def _set_property(self, options: Options, *words: str) -> None:
        pairs = self._tcl.words(options["-dict"]) if "-dict" in options else [*words[:-1]]
        require(pairs and len(pairs) % 2 == 0, "expected names and values, then an object")
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            if self._design and words[-1] in self._design.cells:
                require(name.startswith("CONFIG."), f"an IP has no property {name}")
                self.design.cells[words[-1]].set(name.removeprefix("CONFIG."), value)
            else:
                known = {("project", "ip_repo_paths"), ("fileset", "top")}
                require(
                    (words[-1].split()[0], name) in known, f"{words[-1]} has no property {name}"
                )
                self._properties[words[-1], name] = value

    def _get_property(self, options: Options, name: str, of: str) -> Answer:
        known = RUN | {f"STATS.{each}": str(self._slack) for each in ("WNS", "WHS", "TPWS")}
        require(of == "run impl_1" and name in known, f"{of or 'nothing'} has no property {name}")
        return known[name]

    # --- cells and what connects them ---------------------------------------------------------
    def _create_bd_design(self, options: Options, name: str) -> None:
        self._current_project({})
        self._design = Design(name, self._part, self._tcl.place)

    def _create_bd_cell(self, options: Options, name: str) -> Answer:
        require(options.get("-type") == "ip", f"-type {options.get('-type')}: only ip is supported")
        require(name not in self.design.cells, f"there is a cell {name} already")
        vlnv = options.get("-vlnv", "")
        newest = [each for each in self.ips if vlnv in (each, each.rpartition(":")[0])]
        require(newest, f"no IP {vlnv} is in the catalogue")
        self.design.cells[name] = Cell(name, self.ips[newest[-1]], self._tcl.place)
        return name

    def _create_bd_intf_port(self, options: Options, name: str) -> Answer:
        mode = options.get("-mode")
        require(mode == "Master", f"-mode {mode}: only Master is supported")
        protocol = options.get("-vlnv", "").split(":")[2:3]
        require(protocol in (["ddrx_rtl"], ["fixedio_rtl"]), f"no interface {protocol}")
        self.design.pads[name] = Bus(name, "SLAVE", protocol[0].removesuffix("_rtl"))
        return name

    def _found(self, path: str, kind: type[Pin] | type[Bus]) -> Answer:
        port = self.design.port(path)
        require(isinstance(port, kind), f"{path} is {'an interface' if kind is Pin else 'a pin'}")
        return path

    def _get_bd_pins(self, options: Options, path: str) -> Answer:
        return self._found(path, Pin)

    def _get_bd_intf_pins(self, options: Options, path: str) -> Answer:
        require("/" in path, f"{path} is not an interface of a cell")
        return self._found(path, Bus)

    def _get_bd_intf_ports(self, options: Options, path: str) -> Answer:
        require(path in self.design.pads, f"the design has no interface {path}")
        return path

    def _connect_bd_net(self, options: Options, first: str, *others: str) -> None:
        for path in (first, *others):
            self._found(path, Pin)
        self.design.connect(first, [*others], self._tcl.place)

    def _connect_bd_intf_net(self, options: Options, first: str, other: str) -> None:
        for path in (first, other):
            self._found(path, Bus)
        self.design.connect(first, [other], self._tcl.place)

    # --- addresses ----------------------------------------------------------------------------
    def _get_bd_addr_spaces(self, options: Options, path: str) -> Answer:
        spaces = self.design.spaces()
        require(path in spaces, f"no address space {path}; there are {', '.join(spaces)}")
        return path

    def _get_bd_addr_segs(self, options: Options, path: str) -> Answer:
        segments = self.design.segments()
        known = path in segments
        require(known or "-quiet" in options, f"no segment {path}; there are {', '.join(segments)}")
        return path if known else ""

    def _assign_bd_address(self, options: Options, segment: str) -> None:
        space = str(self._get_bd_addr_spaces({}, options.get("-target_address_space", "")))
        self._get_bd_addr_segs({}, segment)
        offset, size = (int(options.get(name, "-1"), 0) for name in ("-offset", "-range"))
        made = rules.mapping(self.design, segment, offset, size, self._tcl.place)
        self.design.maps.setdefault(space, []).append(made)

    def _exclude_bd_addr_seg(self, options: Options, segment: str) -> None:
        space = str(self._get_bd_addr_spaces({}, options.get("-target_address_space", "")))
        self._get_bd_addr_segs({}, segment)
        self.design.excluded.setdefault(space, set()).add(segment)

    # --- from a whole design to files ---------------------------------------------------------
    def _validate_bd_design(self, options: Options) -> None:
        found = [f"{place}: {problem}" for place, problem in rules.problems(self.design)]
        if found:
            raise ValidationError(*found)
        self._valid = True

    def _save_bd_design(self, options: Options) -> None:
        require(self._valid, "the design is not validated")

    def _get_files(self, options: Options, name: str) -> Answer:
        require(name == f"{self.design.name}.bd", f"no file {name}")
        return name

    def _make_wrapper(self, options: Options) -> Answer:
        require({"-files", "-top"} == {*options}, "expected -files and -top")
        return f"{Path(options['-files']).stem}_wrapper.v"

    def _add_files(self, options: Options, file: str) -> None:
        self._top = Path(file).stem

    def _launch_runs(self, options: Options, run: str) -> None:
        self._get_runs({}, run)
        require(options.get("-to_step") == "write_bitstream", "expected -to_step write_bitstream")
        require(options.get("-jobs", "1").isdigit(), f"-jobs {options.get('-jobs')}: not a number")
        top = self._properties.get(("fileset sources_1", "top"), "")
        valid = self._valid and top and top == self._top
        require(valid, f"the top, {top or 'none'}, is not a source")
        name = self.design.name
        handoff = self._project.with_suffix(".gen") / f"sources_1/bd/{name}/hw_handoff/{name}.hwh"
        bit = self._project.with_suffix(".runs") / "impl_1" / f"{top}.bit"
        for file, content in ((handoff, hwh.text(self.design)), (bit, "")):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")

    def _wait_on_run(self, options: Options, run: str) -> None:
        self._get_runs({}, run)

    def _get_runs(self, options: Options, run: str) -> Answer:
        self._current_project({})
        require(run == "impl_1", f"no run {run}")
        return f"run {run}"
