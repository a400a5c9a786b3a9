"""``make hls`` from end to end, with stand-ins for AMD's tools on PATH."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from nibblestream.hardware.boards import BOARDS

pytest.importorskip("tkinter", reason="needs Tcl, as tkinter brings it (Debian: python3-tk)")

KERNELS = ("cordic_vectoring", "lut_mac", "cordic_rotation")
STUBS = {
    "vitis_hls": "vitis_tcl.main",
    "v++": "vitis_config.vpp",
    "vitis-run": "vitis_config.vitis_run",
}
STUB = """#!{python}
import sys
sys.path.insert(0, {tests!r})
import {module}
with open({log!r}, "a") as log:
    print("{name}", *sys.argv[1:], file=log)
sys.exit({module}.{function}(sys.argv[1:]))
"""


class Machine:
    """A folder of tools, a build folder, and a log of what was called."""

    def __init__(self, folder: Path, *tools: str) -> None:
        self.folder, self.log = folder, folder / "log"
        (folder / "bin").mkdir(exist_ok=True)
        for tool in tools:
            module, function = STUBS[tool].split(".")
            path = folder / "bin" / tool
            names = {"name": tool, "module": module, "function": function, "log": str(self.log)}
            path.write_text(STUB.format(python=sys.executable, tests=str(ROOT / "tests"), **names))
            path.chmod(0o755)

    def make(
        self, *arguments: str, where: str = "hls", **more: str
    ) -> subprocess.CompletedProcess[str]:
        outer = ("MAKE", "MFLAGS")  # what a make around the tests would pass on
        kept = {key: value for key, value in os.environ.items() if not key.startswith(outer)}
        paths = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "host")}
        command = ["make", "-j2", "-C", str(ROOT / where), f"PYTHON={sys.executable}"]
        command += [f"BUILD={self.folder / 'build'}", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={**kept, **paths, **more}
        )

    def calls(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def ip(self, board: str, kernel: str) -> Path:
        return self.folder / "build" / board / kernel / "work/hls/impl/ip/component.xml"


@pytest.mark.parametrize(
    ("tools", "steps"),
    [
        (["vitis_hls"], ["steps=csim,csynth", "steps=cosim,export"]),
        (["v++", "vitis-run"], ["--csim", "v++ -c", "--cosim", "--package"]),
        ([*STUBS], ["vitis_hls", "vitis_hls"]),  # the classic one first, where both are
    ],
)
def test_each_tool_builds_all_kernels_once(tools, steps, tmp_path):
    machine = Machine(tmp_path, *tools)
    done = machine.make("BOARD=KV260")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("every loop has II = 1") == len(KERNELS)
    calls = machine.calls()
    assert len(calls) == len(steps) * len(KERNELS)
    assert all(sum(step in call for call in calls) >= len(KERNELS) for step in steps)
    assert all(machine.ip("KV260", kernel).is_file() for kernel in KERNELS)
    assert machine.make("BOARD=KV260").returncode == 0
    assert machine.calls() == []


@pytest.mark.parametrize("tools", [["vitis_hls"], ["v++", "vitis-run"]])
def test_a_slow_loop_stops_the_build_before_there_is_ip(tools, tmp_path):
    machine = Machine(tmp_path, *tools)
    done = machine.make("BOARD=Pynq-Z2", STUB_INTERVAL="2")
    assert done.returncode != 0
    assert "loop MAC: II = 2, target 1" in done.stderr
    assert not any("cosim" in call or "export" in call for call in machine.calls())
    assert not any(machine.ip("Pynq-Z2", kernel).exists() for kernel in KERNELS)


@pytest.mark.parametrize("goal", [("hls", "all"), (".", "hls")])
@pytest.mark.parametrize("tools", [[], ["v++"], ["vitis-run"]])
def test_a_missing_tool_is_named_before_anything_is_made(tools, goal, tmp_path):
    done = Machine(tmp_path, *tools).make(goal[1], where=goal[0])
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if not re.match(r"make(\[\d+\])?:", line)]
    assert "make hls" in line
    for word in ("vitis_hls", "2020.2 to 2024.1", "v++", "vitis-run", "2024.2", "PATH"):
        assert word in line
    assert not (tmp_path / "build").exists()


def test_an_unknown_board_is_answered_with_the_known_ones(tmp_path):
    done = Machine(tmp_path, "vitis_hls").make("BOARD=Pynq-Z9")
    assert done.returncode != 0
    assert all(board in done.stderr for board in ["Pynq-Z9", *BOARDS])
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "build/Pynq-Z9").exists()
