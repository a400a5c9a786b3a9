"""A strict stand-in for ``v++ -c --mode hls`` and ``vitis-run --mode hls``.

Keys are those that UG1399 documents for the configuration file; each is checked as the Tcl command
that it stands for.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from vitis_design import Design, require, write_ip

GLOBAL_KEYS = {"part"}
LISTS = {"syn.file", "tb.file"}  # may stand more than once
NEEDED = {"clock", "flow_target", "syn.top", "syn.file", "tb.file", "package.output.format"}
BOOLEAN = {"csim.O", "cosim.O", "csim.clean", "csim.setup", "cosim.setup", "package.output.syn"}
VLNV = ("vendor", "library", "name", "version")
KNOWN = (
    NEEDED
    | BOOLEAN
    | {f"package.ip.{key}" for key in (*VLNV, "display_name", "description", "taxonomy")}
    | {"clock_uncertainty", "package.output.file", "syn.cflags", "syn.csimflags", "tb.cflags"}
    | {"csim.argv", "cosim.argv", "csim.ldflags", "cosim.ldflags", "cosim.rtl", "cosim.tool"}
)
Settings = dict[str, list[str]]


def read_settings(path: Path) -> Settings:
    """Keys of v++ stand above [hls], all others below it."""
    require(path.is_file(), f"no file {path}")
    settings: Settings = {}
    allowed = GLOBAL_KEYS
    for line in filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())):
        if line == "[hls]":
            require(allowed is GLOBAL_KEYS, "a second [hls]")
            allowed = KNOWN
            continue
        key, equals, value = line.partition("=")
        require(equals and value, f"neither a section nor a setting: {line}")
        require(key in allowed, f"unknown key {key}")
        require(key in LISTS or key not in settings, f"{key} stands twice")
        require(
            key not in BOOLEAN or value in ("true", "false"), f"{key} is neither true nor false"
        )
        settings.setdefault(key, []).append(value)
    for key in sorted(GLOBAL_KEYS | NEEDED):
        require(key in settings, f"{key} is missing")
    return settings


def read_design(settings: Settings) -> Design:
    one = {key: values[0] for key, values in settings.items()}
    require(one["flow_target"] in ("vivado", "vitis"), f"no flow target {one['flow_target']}")
    formats = r"ip_catalog|xo|syn_dcp|sysgen|rtl"
    require(re.fullmatch(formats, one["package.output.format"]), "no such package.output.format")
    return Design(
        top=one["syn.top"],
        part=one["part"],
        period=one["clock"],
        sources=dict.fromkeys(settings["syn.file"], one.get("syn.cflags", "")),
        benches=dict.fromkeys(settings["tb.file"], one.get("tb.cflags", "")),
    )


def compile_kernel(settings: Settings, work: Path) -> None:
    design = read_design(settings)
    design.check_synthesises()
    design.write_report(work / "hls", os.environ.get("STUB_INTERVAL", "1"))
    if settings.get("package.output.syn", ["true"]) == ["true"]:
        package(settings, work)


def simulate(settings: Settings, kind: str) -> None:
    read_design(settings).check_simulates(settings.get(f"{kind}.argv", [""])[0])


def package(settings: Settings, work: Path) -> None:
    write_ip(work / "hls", {key: settings[f"package.ip.{key}"][0] for key in VLNV})


def take(argv: list[str], *front: str) -> tuple[Settings, Path]:
    """Take the command line apart: first `front`, then the two options that all commands have."""
    rest = argv[len(front) :]
    require(argv[: len(front)] == list(front), f"{argv} does not begin with {front}")
    options = dict(zip(rest[::2], rest[1::2], strict=False))
    require(
        len(rest) == 4 and set(options) == {"--config", "--work_dir"}, f"unknown options {rest}"
    )
    return read_settings(Path(options["--config"])), Path(options["--work_dir"])


def vpp(argv: list[str]) -> int:
    """``v++ -c --mode hls --config FILE --work_dir FOLDER``."""
    compile_kernel(*take(argv, "-c", "--mode", "hls"))
    return 0


def vitis_run(argv: list[str]) -> int:
    """``vitis-run --mode hls --csim|--cosim|--package --config FILE --work_dir FOLDER``."""
    job = argv[2] if len(argv) > 2 else ""
    require(job in ("--csim", "--cosim", "--package"), f"no such job: {argv}")
    settings, work = take(argv, "--mode", "hls", job)
    compiled = (work / "hls/syn/report/csynth.xml").is_file()
    require(job == "--csim" or compiled, f"{job}: {work} holds nothing that v++ compiled")
    if job == "--package":
        package(settings, work)
    else:
        simulate(settings, job[2:])
    return 0
