"""`make overlay`, with a stand-in for Vivado, and the check's command line."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from block_design import HLS, OVERLAYS
from nibblestream.hardware.boards import BOARDS


def run(*command: object, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    words = [str(word) for word in command]
    return subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment | more
    )


def test_the_command_line_writes_the_handoff(tmp_path):
    file = tmp_path / "design.hwh"
    done = run(sys.executable, OVERLAYS / "check", "KV260", "--hwh", file)
    assert (done.returncode, done.stderr) == (0, "KV260: the block design is right\n")
    assert 'MODTYPE="zynq_ultra_ps_e"' in file.read_text()
    done = run(sys.executable, OVERLAYS / "check", "KV261")
    assert done.returncode == 2
    assert ", ".join(BOARDS) in done.stderr


def make(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    return run("make", "-C", OVERLAYS, f"PYTHON={sys.executable}", *words, **more)


def test_make_names_what_is_missing():
    done = make("BOARD=KV260", PATH="/usr/bin:/bin")
    assert done.returncode != 0
    assert "needs AMD's Vivado 2020.2 or newer, but found no vivado on PATH" in done.stderr
    done = make("BOARD=KV261", PATH="/usr/bin:/bin")
    assert done.returncode != 0
    names = " ".join(sorted(BOARDS))
    assert f"no board is called 'KV261'; choose from {names}" in done.stderr


STAND_IN = """#!{python}
import os, sys
from pathlib import Path
sys.path.append({check!r})
from kernels import kernels
from vivado import Vivado
words = sys.argv[1:]
assert words[:4] == ["-mode", "batch", "-notrace", "-nojournal"] and words[4] == "-log", words
script, argv = words[words.index("-source") + 1], words[words.index("-tclargs") + 1 :]
build = argv[1] if script == "check_timing.tcl" else argv[2]
board = argv[0] if script == "check_timing.tcl" else argv[1]
vivado = Vivado(kernels(Path({hls!r})), float(os.environ["SLACK"]))
errors = vivado.run(Path("build.tcl"), "block_design", board, build)
if argv[0] != "block_design":
    errors += vivado.run(Path(script), *argv)
project = Path(build, "overlays", board, "project")
project.mkdir(exist_ok=True)
if argv[0] == "block_design":
    (project / "nibblestream.xpr").touch()
with open({log!r}, "a") as log:
    print(script, *argv[:1], file=log)
print(*errors, sep="\\n", file=sys.stderr)
sys.exit(bool(errors))
"""


@pytest.fixture
def stand_in(tmp_path):
    """A folder with our stand-in as `vivado`, and the log of what it was called for."""
    vivado, log = tmp_path / "bin" / "vivado", tmp_path / "log"
    vivado.parent.mkdir()
    names = {"python": sys.executable, "check": str(OVERLAYS / "check"), "hls": str(HLS)}
    vivado.write_text(STAND_IN.format(**names, log=str(log)))
    vivado.chmod(vivado.stat().st_mode | stat.S_IXUSR)
    return vivado.parent, log


def test_make_goes_from_the_block_design_to_checksums(tmp_path, stand_in):
    folder, log = stand_in
    words = ("-o", "hls", "BOARD=Pynq-Z2", f"BUILD={tmp_path}", "URL=https://example.org/v1")
    more = {"PATH": f"{folder}:{os.environ['PATH']}", "SLACK": "0.1"}
    done = make(*words, **more)
    assert done.returncode == 0, done.stderr
    steps = ["build.tcl block_design", "build.tcl bitstream", "check_timing.tcl Pynq-Z2"]
    assert log.read_text().splitlines() == steps
    empty = "d41d8cd98f00b204e9800998ecf8427e"  # the stand-in's bitstream
    assert f"{empty}  Pynq-Z2/nibblestream.bit" in done.stdout
    link = (tmp_path / "overlays" / "nibblestream.bit.link").read_text()
    assert (
        f'"url": "https://example.org/v1/Pynq-Z2/nibblestream.bit",\n    "md5sum": "{empty}"'
        in link
    )
    assert make(*words, **more).returncode == 0
    assert len(log.read_text().splitlines()) == 3  # nothing is made twice


def test_make_fails_on_negative_slack(tmp_path, stand_in):
    folder, _ = stand_in
    words = ("-o", "hls", "BOARD=Pynq-Z2", f"BUILD={tmp_path}")
    done = make(*words, PATH=f"{folder}:{os.environ['PATH']}", SLACK="-0.012")
    assert done.returncode != 0
    assert "Pynq-Z2 misses its timing: setup slack is -0.012 ns" in done.stderr
    assert not (tmp_path / "overlays" / "Pynq-Z2" / "timing.stamp").exists()
