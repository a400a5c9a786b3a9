"""hls/build.tcl and hls.cfg against stand-ins for AMD's tools that take nothing wrong.

Each test that breaks something shows that the stand-in would see it.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

import vitis_config
from conftest import ROOT
from nibblestream.hardware import generate
from nibblestream.hardware.boards import BOARDS
from vitis_design import ToolError

pytest.importorskip("tkinter", reason="needs Tcl, as tkinter brings it (Debian: python3-tk)")
from vitis_tcl import HlsShell

HLS = ROOT / "hls"
KERNELS = ("cordic_vectoring", "lut_mac", "cordic_rotation")
ALL = "steps=csim,csynth,cosim,export"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONFIG = load(HLS / "config.py")


def configure(build: Path, kernel: str = "lut_mac", board: str = "Pynq-Z2") -> Result:
    """Run config.py as the command that it is."""
    return CliRunner().invoke(CONFIG.main, [kernel, board, str(build)])


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build folder: for each board a header, golden vectors in name, a hls.cfg for each build."""
    folder = tmp_path_factory.mktemp("build")
    for name, board in BOARDS.items():
        (folder / name / "golden").mkdir(parents=True)
        text = "\n".join(generate.header(board.geometry))
        (folder / name / generate.HEADER).write_text(text, encoding="utf-8")
        for kernel in KERNELS:
            (folder / name / "golden" / f"{kernel}.bin").touch()
            assert configure(folder, kernel, name).exit_code == 0
    return folder


@pytest.fixture
def job(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the hls.cfg of one kernel."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(build / "Pynq-Z2/lut_mac/hls.cfg", tmp_path)
    return tmp_path


def replaced(path: Path, old: str, new: str, into: Path) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} does not have what the test is to break: {old}"
    into.write_text(text.replace(old, new), encoding="utf-8")
    return into


def tcl_errors(script: Path, *argv: str) -> list[str]:
    shell = HlsShell()
    assert shell.run(script, list(argv)) == 1
    return shell.errors


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("board", BOARDS)
def test_every_kernel_builds_for_every_board(kernel, board, build, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(build / board / kernel / "hls.cfg", tmp_path)
    shell = HlsShell()
    assert shell.run(HLS / "build.tcl", [ALL]) == 0
    assert shell.project.design.top == kernel
    assert shell.project.design.part == BOARDS[board].part
    assert float(shell.project.design.period) == pytest.approx(1000 / BOARDS[board].clock_mhz)
    classic = Path("work/hls/impl/ip/component.xml").read_text()
    for part in ("vendor>xilinx.com", "library>hls", f"name>{kernel}", "version>1.0"):
        assert f"<spirit:{part}</" in classic
    for job in ("--csim", "-c", "--cosim", "--package"):
        tool = vitis_config.vpp if job == "-c" else vitis_config.vitis_run
        front = ["-c", "--mode", "hls"] if job == "-c" else ["--mode", "hls", job]
        assert tool([*front, "--config", "hls.cfg", "--work_dir", "new"]) == 0
    assert Path("new/hls/impl/ip/component.xml").read_text() == classic


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["-f", "/a/hls/build.tcl"],
        ["-f", "/a/hls/build.tcl", "-tclargs", ALL],
    ],
)
def test_all_steps_run_in_order_however_the_tool_hands_arguments_over(argv, job):
    shell = HlsShell()
    assert shell.run(HLS / "build.tcl", argv) == 0
    assert shell.called[-4:] == ["csim_design", "csynth_design", "cosim_design", "export_design"]


def test_later_steps_go_on_with_the_project(job):
    assert HlsShell().run(HLS / "build.tcl", ["steps=csim,csynth"]) == 0
    assert not Path("work/hls/impl").exists()
    later = HlsShell()
    assert later.run(HLS / "build.tcl", ["steps=cosim,export"]) == 0
    assert "add_files" not in later.called
    assert Path("work/hls/impl/ip/component.xml").exists()


BROKEN_SCRIPTS = [
    ("csynth_design", "csynth_desing", "unknown command csynth_desing"),
    ("-argv", "-arg", "csim_design: unknown option -arg"),
    ("-period [setting $settings clock]", "-period", "create_clock: -period lacks a value"),
    ("set_top [setting $settings syn.top]", "set_top", "set_top: 0 arguments, 1 expected"),
    ("set_top [setting $settings syn.top]", "", "csynth_design: no top function"),
    ("set_top [setting $settings syn.top]", "set_top lut_macs", "lut_macs is not defined"),
    ("set_part [setting $settings part]", "", "csynth_design: none is not the part"),
    ("create_clock -period [setting $settings clock]", "#", "csynth_design: clock none"),
    ("open_project -reset work", "", "set_top: no project is open"),
    ("open_project -reset work", "open_project a; open_project b", "a project is open already"),
    ("open_solution -reset hls", "#", "set_part: no solution is open"),
    ("[setting $settings flow_target]", "vivid", "open_solution: no such flow target"),
    ("csynth { csynth_design }", "csynth {}", "cosim_design: nothing is synthesised yet"),
    ("add_files -tb", "add_files", "csim_design: no sources or no test bench"),
    ("-tb -cflags [setting $settings tb.cflags]", "-tb", "which no folder has"),
    ("-O -argv [setting $settings csim.argv]", "-O", "is given no golden vectors"),
    ("-format [setting $settings package.output.format]", "-format ip", "no such format: ip"),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN_SCRIPTS)
def test_a_broken_script_fails_with_its_line(old, new, message, job):
    script = replaced(HLS / "build.tcl", old, new, job / "broken.tcl")
    errors = tcl_errors(script, ALL)
    assert message in errors[0]
    line = int(errors[0].removeprefix("broken.tcl:").split(":")[0])
    assert errors[0].split(": ")[1] in script.read_text().splitlines()[line - 1]


def test_a_script_must_exit_and_with_an_error_if_there_was_one(job):
    script = replaced(HLS / "build.tcl", "exit 0", "", job / "broken.tcl")
    with pytest.raises(ToolError, match="without exit"):
        HlsShell().run(script, [ALL])
    silent = replaced(HLS / "build.tcl", "exit 1", "", job / "silent.tcl")
    replaced(job / "hls.cfg", "flow_target=vivado", "flow_target=vivid", job / "hls.cfg")
    with pytest.raises(ToolError, match="exits with 0 after"):
        HlsShell().run(silent, [ALL])
    bare = job / "bare.tcl"
    bare.write_text("set_top lut_mac\nexit 0\n")
    with pytest.raises(ToolError, match=r"bare.tcl:1: set_top: no project"):
        HlsShell().run(bare, [])


def test_an_unknown_step_is_named(job, capfd):
    assert HlsShell().run(HLS / "build.tcl", ["steps=csim,synth"]) == 1
    assert "no step is called synth; choose from csim, csynth" in capfd.readouterr().err


BROKEN_CONFIGS = [
    ("syn.top=", "syn.tops=", "unknown key syn.tops"),
    ("part=xc7z020clg400-1", "part=xc7z007clg400-1", "xc7z007clg400-1 is not the part of a board"),
    ("part=xc7z020clg400-1\n\n[hls]", "[hls]\npart=xc7z020clg400-1", "unknown key part"),
    ("[hls]\n", "", "unknown key clock"),
    ("clock=10", "clock=10us", "clock 10us"),
    ("clock=10\n", "clock=10\nclock=5\n", "clock stands twice"),
    ("clock=10\n", "", "clock is missing"),
    ("kernels/lut_mac.cpp", "kernels/lut_max.cpp", "no file"),
    ("tb/lut_mac_tb.cpp", "tb/lut_mac.cpp", "no file"),
    ("kernels/lut_mac.cpp", "kernels/rotation_core.cpp", "lut_mac is not defined"),
    ("lut_mac_core.cpp", "rotation_core.cpp", "lut_mac_core is called and not defined"),
    ("golden/lut_mac.bin", "golden/lut_max.bin", "no file"),
    ("-std=c++14", "-std=c++17", "flags that the tool does not know"),
    ("/kernels -I", "/kernel -I", "a folder is missing"),
    ("csim.O=true", "csim.O=yes", "neither true nor false"),
    ("ip_catalog", "ip_catalogue", "no such package.output.format"),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN_CONFIGS)
def test_a_broken_configuration_is_refused(old, new, message, job):
    replaced(job / "hls.cfg", old, new, job / "hls.cfg")
    files = ["--config", "hls.cfg", "--work_dir", "work"]
    with pytest.raises(ToolError, match=message):  # noqa: PT012
        vitis_config.vitis_run(["--mode", "hls", "--csim", *files])
        vitis_config.vpp(["-c", "--mode", "hls", *files])


def test_config_names_the_boards_and_the_kernels(tmp_path):
    unknown = configure(tmp_path, board="Pynq-Z9")
    assert unknown.exit_code == 1
    assert all(board in unknown.output for board in ["Pynq-Z9", *BOARDS])
    assert all(kernel in configure(tmp_path, "lut").output for kernel in KERNELS)
    assert not list(tmp_path.iterdir())


def test_the_flags_compile_kernels_and_benches_with_the_vendors_headers(build, tmp_path):
    """In the C++ that AMD documents. All kernels in one go, as it is the headers that take time."""
    found = importlib.util.find_spec("hls4ml")  # not imported: it brings the headers
    if found is None or found.origin is None:
        pytest.skip("hls4ml, which brings AMD's headers, is not installed")
    headers = Path(found.origin).parent / "templates/vivado/ap_types"
    command = ["c++", "-fsyntax-only", "-w", f"-isystem{headers}", f"-isystem{HLS / 'sim/axi'}"]
    settings = [
        vitis_config.read_settings(build / "Pynq-Z2" / kernel / "hls.cfg") for kernel in KERNELS
    ]
    sources = [file for each in settings for file in each["syn.file"]]
    kernels = tmp_path / "kernels.cpp"
    kernels.write_text("".join(f'#include "{file}"\n' for file in sources))
    (flags,) = {each["syn.cflags"][0] for each in settings}
    benches = [file for each in settings for file in each["tb.file"]]
    assert flags == settings[0]["tb.cflags"][0]
    subprocess.run([*command, *flags.split(), str(kernels), *benches], check=True)
