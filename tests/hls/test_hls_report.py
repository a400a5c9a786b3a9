"""hls/check_report.py on reports as Vitis HLS writes them, good and bad."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from vitis_design import loop_xml, module_xml, report_xml

GOOD = loop_xml("MAC", PipelineII="1", PipelineDepth="9", PipelineType="yes")
MODULES = "<InstanceList><Instance>grp_lut_mac_Pipeline_MAC_fu_9</Instance></InstanceList>"
LAYERS = loop_xml("LAYERS", MODULES, IterationLatency="undef", PipelineType="no")


def check(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    report = folder / "csynth.xml"
    report.write_text(text, encoding="utf-8")
    command = [sys.executable, str(ROOT / "hls/check_report.py"), str(report)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def kernel(*loops: str) -> str:
    modules = [module_xml("lut_mac_Pipeline_MAC", GOOD), module_xml("lut_mac", "".join(loops))]
    return "".join(modules)


@pytest.mark.parametrize(
    "modules",
    [
        kernel(LAYERS),
        kernel(loop_xml("OUTER", GOOD)),  # 2020.2 nests loops in loops
        kernel(loop_xml("LAYERS", "", IterationLatency="undef")),  # and tells no modules
        kernel(),
    ],
)
def test_a_good_report_passes(modules, tmp_path):
    done = check(tmp_path, report_xml(modules))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (kernel(LAYERS, loop_xml("LUT", PipelineII="4")), "lut_mac, loop LUT: II = 4, target 1"),
        (kernel(loop_xml("A", loop_xml("B", PipelineII="2"))), "lut_mac, loop B: II = 2"),
        (kernel(loop_xml("A", PipelineII="undef")), "lut_mac, loop A: II = undef"),
        (kernel(loop_xml("SEND", PipelineType="no")), "lut_mac, loop SEND: not pipelined"),
        (kernel(loop_xml("A", "<InstanceList/>" + loop_xml("B"))), "loop B: not pipelined"),
        (module_xml("lut_mac", LAYERS), "no module has a pipelined loop"),
        ("", "no module has a pipelined loop"),
    ],
)
def test_a_loop_that_does_not_begin_a_turn_each_clock_fails(modules, message, tmp_path):
    done = check(tmp_path, report_xml(modules))
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missed_clock_fails(tmp_path):
    assert check(tmp_path, report_xml(kernel(), estimate=10)).returncode == 0
    missed = check(tmp_path, report_xml(kernel(), estimate=10.001))
    assert missed.returncode == 1
    assert "estimated clock 10.001 ns, target 10 ns" in missed.stderr
    unknown = check(tmp_path, report_xml(kernel()).replace("EstimatedClockPeriod", "Estimated"))
    assert unknown.returncode == 1


@pytest.mark.parametrize("text", ["", "Vitis HLS", report_xml(kernel()).replace("7.300", "fast")])
def test_what_is_no_report_is_refused(text, tmp_path):
    done = check(tmp_path, text)
    assert done.returncode == 1
    assert "cannot be read as csynth.xml" in done.stderr
    assert "Traceback" not in done.stderr
