"""The documentation: it builds without a warning, leaves nothing out, and what it shows works."""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from conftest import ROOT, SHARED_DATA
from nibblestream.cli import main
from nibblestream.hardware.boards import BOARDS

DOCS = ROOT / "docs"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
PATCHES = {path.stem: path for path in sorted((DOCS / "patches").glob("*.patch"))}
LIBRARY = ROOT / "host" / "nibblestream"


def run(*command: object, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **more}
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


# --- built ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The pages as HTML; a warning is an error."""
    pytest.importorskip("furo", reason="the documentation needs the extra docs")
    folder = tmp_path_factory.mktemp("docs")
    options = ("-q", "-W", "--keep-going", "-d", folder / "doctrees")
    done = run(sys.executable, "-m", "sphinx", *options, DOCS, folder / "html")
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Links(HTMLParser):
    """Where a page leads, and the places in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places.add(found.get("id") or "")
        if tag == "a" and not re.match(r"\w+:", found.get("href") or ""):
            self.links.add(found.get("href") or "")


@pytest.mark.slow
def test_every_link_leads_to_a_place(built):
    pages = {path: Links(path) for path in built.rglob("*.html")}
    assert len(pages) > 20
    for path, page in pages.items():
        for link in page.links:
            file, _, place = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target in pages, f"{path.name} leads to {link}"
            assert place in pages[target].places, f"{path.name} leads to {link}"


@pytest.mark.slow
def test_everything_public_is_in_the_reference(built):
    told = {place for path in built.rglob("*.html") for place in Links(path).places}
    missing = {*public()} - told
    assert not missing, sorted(missing)
    assert len(told & {*public()}) > 300


@pytest.mark.slow
def test_every_command_and_option_is_in_the_reference(built):
    text = (built / "cli.html").read_text(encoding="utf-8")
    for name in main.list_commands(None):
        command = main.get_command(None, name)
        for option in [each for each in command.params if each.opts[0].startswith("--")]:
            assert f'id="cmdoption-nibblestream-{name}{option.opts[0][1:]}"' in text
        assert f"nibblestream {name}" in re.sub("<.*?>", "", text)
    assert ".. option" not in text  # markup that was taken for text


def public() -> list[str]:
    """The names of all public modules, and of the classes and functions made in them."""
    names = []
    for path in sorted(LIBRARY.rglob("*.py")):
        parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if len(parts) == 1 or any(part.startswith("_") for part in parts):
            continue
        with warnings.catch_warnings():  # pynq says that this is no board
            warnings.simplefilter("ignore")
            module = importlib.import_module(".".join(parts))
        names.append(f"module-{module.__name__}")
        for name, thing in vars(module).items():
            kind = inspect.isclass(thing) or inspect.isfunction(thing)
            if kind and (thing.__module__, thing.__qualname__) == (module.__name__, name):
                names += [] if name.startswith("_") else [f"{module.__name__}.{name}"]
    return names


# --- what is shown ---------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch.onnx.export
@pytest.mark.parametrize("page", ["index", "own-network", "commands"])
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch, rng, kernel_cache):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    soundfile.write("street.wav", rng.normal(0, 0.1, 8000), 8000)
    names: dict[str, np.ndarray] = {}
    code = re.findall(r"```python\n(.*?)```", PAGES[page], re.DOTALL)
    assert code
    exec("\n".join(code), names)
    assert "clean" in names or names["same"]


def commands(page: str) -> list[tuple[str, str]]:
    """Return the names and arguments of all commands in a page's blocks; lines go on after \\."""
    lines = re.findall(r"^ {4}(.*)$", PAGES[page].replace("\\\n", " "), re.M)
    shown = [re.search(r"\bnibblestream (\w+) (.*)", line) for line in lines]
    return [(found[1], found[2]) for found in shown if found]


def test_every_command_has_an_example():
    assert {name for name, _ in commands("commands")} == set(main.list_commands(None))


def test_every_command_shown_exists():
    for name, arguments in [command for page in PAGES for command in commands(page)]:
        usage = CliRunner().invoke(main, [name, "--help"])
        assert usage.exit_code == 0, name
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in usage.output, f"{name} {option}"


def test_every_file_named_is_there():
    made = {
        new
        for path in PATCHES.values()
        for new in re.findall(r"^\+\+\+ b/(.*)$", path.read_text(), re.M)
    }
    for page, text in PAGES.items():
        for name in re.findall(r"(?<![\w/])((?:host|hls|overlays|tests|docs)/[\w/.-]+\w)", text):
            is_there = (ROOT / name).exists() or name in made or "BOARD" in name
            assert is_there, f"{page} names {name}"


def test_the_table_of_boards_is_the_library_s():
    row = r"^\| ([\w-]+)[^|]* \| `(\S+)` \| `(\S+)` \|[^|]*\| ([\d.]+) MHz \|"
    known = [
        (board.name, board.part, str(board.geometry), f"{board.clock_mhz:.4g}")
        for board in BOARDS.values()
    ]
    assert re.findall(row, PAGES["boards"], re.M) == known


def test_every_name_in_the_table_of_a_layer_is_in_its_file():
    rows = re.findall(r"^\| \d+ \| `([\w/.]+)`.*? \| (.*) \|$", PAGES["layer"], re.M)
    assert len(rows) == 11
    for file, what in rows:
        for name in re.findall(r"`(\w+)", what):
            assert name in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {name}"


def test_the_examples_in_docstrings_run():
    ran = 0
    for path in sorted(LIBRARY.rglob("*.py")):
        if ">>> " not in path.read_text(encoding="utf-8"):
            continue
        module = path.relative_to(LIBRARY.parent).with_suffix("").parts
        if "virtual" in module:
            pytest.importorskip("pynq")
        found = doctest.testmod(importlib.import_module(".".join(module)))
        assert found.failed == 0, path
        ran += found.attempted
    assert ran > 2


def test_the_release_to_cite_is_the_last_one_in_the_changelog():
    cited = re.findall(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)
    listed = re.findall(r"^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert cited == listed[:1]


# --- the pages that were tried -----------------------------------------------------------------


@pytest.fixture
def patched(request, tmp_path):
    """A copy of the repository with a page's patch."""
    git = shutil.which("git") or pytest.skip("needs git, to apply patches")
    for name in ("host", "hls", "overlays", "tests"):
        left = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.wav", "*.png")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = run(git, "apply", PATCHES[request.param], cwd=tmp_path, GIT_CEILING_DIRECTORIES="/")
    assert done.returncode == 0, f"{done.stderr} Write docs/patches/{request.param}.patch anew"
    return tmp_path


def python(folder: Path, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    paths = {"PYTHONPATH": str(folder / "host"), "NIBBLESTREAM_CACHE": str(folder / "cache")}
    data = {"NIBBLESTREAM_DATA": str(SHARED_DATA)}
    return run(sys.executable, *arguments, cwd=folder, **{**paths, **data, **more})


@pytest.mark.slow
@pytest.mark.parametrize("patched", ["zedboard"], indirect=True)
def test_the_ported_board_is_right(patched):
    pytest.importorskip("tkinter", reason="needs Tcl, as tkinter brings it (Debian: python3-tk)")
    done = python(patched, "overlays/check", "ZedBoard")
    assert (done.returncode, done.stderr) == (0, "ZedBoard: the block design is right\n")
    done = python(patched, "-m", "nibblestream", "info", "default", "--board", "ZedBoard")
    assert "default on ZedBoard (xc7z020clg484-1) at 100 MHz" in done.stdout
    assert "it fits" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("patched", ["sign"], indirect=True)
def test_the_added_layer_is_right(patched):
    tests = [
        "network/test_sign.py",
        "network/test_code_stream.py",
        "with_pynq/test_rows_virtual.py::test_every_activation_between_layers_and_at_the_end",
    ]
    done = python(patched, "-m", "pytest", "-q", *(f"tests/{name}" for name in tests))
    assert done.returncode == 0, done.stdout
