"""Every notebook runs top to bottom, with all that is at hand and with NumPy alone; calls only."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from nibblestream import show

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST = 15  # lines of a cell
ASSUMED = {
    "nibblestream"
}  # all that a notebook may import: what else it needs, the library asks for
STATEMENTS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign, ast.Expr, ast.With)
LOGIC = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.Compare, ast.NamedExpr, ast.Await)
# Run before anything else: takes away what [notebooks] does not bring.
BARE = """
import sys
from importlib.machinery import PathFinder

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        lacking = name in ("librosa", "pesq", "pynq", "rich", "sklearn", "sounddevice", "torch")
        return None if lacking else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
"""

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code(path: Path) -> list[str]:
    notebook = nbformat.read(path, as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_they_are_these():
    assert [path.stem for path in NOTEBOOKS] == [
        "01-enhance-and-listen",
        "02-four-bits-are-enough",
        "03-bandwidth",
        "04-your-own-network",
        "05-inside-the-hardware",
    ]


@each
def test_is_kept_valid_and_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not cell.metadata


@each
def test_holds_calls_only(path):
    for source in code(path):
        assert source.count("\n") < LONGEST, source
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, LOGIC), source
            if isinstance(node, ast.stmt):
                assert isinstance(node, STATEMENTS), source
            if isinstance(node, ast.comprehension):
                assert isinstance(node.iter, ast.List), source
                assert not node.ifs, source


@each
def test_imports_the_library_alone(path):
    for source in code(path):
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= ASSUMED


@each
def test_chooses_its_backend_first(path):
    assert "backend = show.backend()" in code(path)[0]


@each
def test_links_lead_somewhere(path):
    notebook = nbformat.read(path, as_version=4)
    text = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert all(link.startswith("https://") or (FOLDER / link).is_file() for link in links)


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Execute a notebook in a folder; a cell that fails raises."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": folder}}, timeout=300).execute()
    return notebook


def check(notebook: nbformat.NotebookNode, backend: str) -> None:
    """Hold a notebook's outputs to what a reader is to see."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert f"backend '{backend}':" in outputs[0].text
    printed = [out for out in outputs if out.output_type == "stream"]
    assert [out.text for out in printed if out.name == "stderr"] == []  # warnings, too
    shown = [out.data for out in outputs if "data" in out]
    assert any("image/png" in data for data in shown)
    with_audio = sum("<audio controls" in data.get("text/html", "") for data in shown)
    assert with_audio == ("show.players" in str(notebook))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of nbclient and jupyter_client, not of the notebook
@each
def test_runs_on_what_is_at_hand(path, tmp_path):
    check(run(path, tmp_path), show.backend())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@each
def test_runs_unchanged_without_a_compiler_pynq_and_torch(path, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(BARE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    check(run(path, tmp_path), "emu")
