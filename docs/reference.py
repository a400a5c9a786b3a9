"""The API reference, from the library itself: a page for each step of the data's way.

Modules that no page names yet stand on the last one; so a new module is never left out, and a new
package has a page of its own.
"""

from __future__ import annotations

import ast
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.nodes import make_refnode

import nibblestream

# Page: its title, and the modules or packages on it.
PAGES = {
    "enhance": ("Sound in, sound out", "enhancer stream audio overlap resampler samples stft"),
    "predict": ("Rows in, rows out", "predict"),
    "integers": (
        "The integer pipeline",
        "spec geometry fixed cordic features lutmac product pipeline reference",
    ),
    "models": ("Models", "float_model model layer lut scheme formats topology model_file"),
    "train": ("Training", "train corpora"),
    "importing": ("Networks from elsewhere", "importing"),
    "quantize": ("Quantization", "quantize"),
    "codes": ("The stream of codes", "pack code_order code_stream fit traffic"),
    "backends": ("Backends", "backends compiler sources worker"),
    "boards": ("Boards, clocks and resources", "boards cycles fabric resources handoff generate"),
    "driver": ("The driver", "driver"),
    "virtual": ("The virtual board", "virtual"),
    "evaluate": ("Evaluation", "evaluate"),
    "bench": ("Benchmarks", "bench"),
    "experiments": ("Experiments", "reproduce sweep compare"),
    "golden": ("Golden vectors", "golden"),
    "cli": ("The command line's modules", "cli"),
}
REST = ("rest", "And the rest")
MODULE = """
{name}
{rule}

.. automodule:: {name}
   :members:
   :ignore-module-all:
"""
INDEX = """
API reference
=============

In the order in which sound, and then a model, goes through the library. Most programs need only
what ``from nibblestream import ...`` gives: {names}.

.. toctree::
   :hidden:

   {pages}
"""
SPEC = """
.. literalinclude:: ../../host/nibblestream/spec.py
   :language: python
   :start-at: SAMPLE_RATE:
   :end-before: # All constants above
"""


def modules() -> list[str]:
    """Return the names of all public modules below the package, packages before what they hold."""
    found = pkgutil.walk_packages(nibblestream.__path__, "nibblestream.")
    names = sorted(module.name for module in found)
    return [name for name in names if not any(part[0] == "_" for part in name.split("."))]


def pages() -> Iterator[tuple[str, str, list[str]]]:
    """Yield each page: its file's stem, its title, its modules in order."""
    left = modules()
    for stem, (title, listed) in PAGES.items():
        here = [name for top in listed.split() for name in left if name.split(".")[1] == top]
        left = [name for name in left if name not in here]
        yield stem, title, here
    yield (*REST, left)


def write(folder: Path) -> None:
    """Write the pages, and remove those of a time before."""
    folder.mkdir(exist_ok=True)
    found = [(stem, title, names) for stem, title, names in pages() if names]
    written = {f"{stem}.rst": page(title, names) for stem, title, names in found}
    written["index.rst"] = index(found)
    for left in set(folder.glob("*.rst")) - {folder / name for name in written}:
        left.unlink()
    for name, text in written.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # or Sphinx reads it anew
            path.write_text(text, encoding="utf-8")


def page(title: str, names: list[str]) -> str:
    """Return the text of a page."""
    parts = [f"{title}\n{'=' * len(title)}\n"]
    for name in names:
        parts.append(MODULE.format(name=name, rule="-" * len(name)))
        parts.append(SPEC if name == "nibblestream.spec" else "")
    return "".join(parts)


def index(found: list[tuple[str, str, list[str]]]) -> str:
    """Return the text of the page that leads to the others: all modules, in a line each."""
    public = [name for name in nibblestream.__all__ if not name.startswith("_")]
    meant_by = {name: meant("nibblestream", name) for name in public}
    names = ", ".join(f":py:obj:`{name} <{full}>`" for name, full in meant_by.items())
    parts = [INDEX.format(names=names, pages="\n   ".join(stem for stem, _, _ in found))]
    for stem, title, modules_ in found:
        head = f":doc:`{title} <{stem}>`"
        parts.append(f"\n{head}\n{'-' * len(head)}\n")
        for name in modules_:
            short = name.removeprefix("nibblestream.")
            parts.append(f"* :py:mod:`{short} <{name}>`: {summary(name)}")
    return "\n".join(parts) + "\n"


def summary(module: str) -> str:
    """Return the first line of a module's docstring."""
    source = Path(find_spec(module).origin).read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)).splitlines()[0]


def without_aliases(
    app: Any, what: str, name: str, thing: object, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of named tuples, of which Python says only their numbers."""
    return True if (getattr(thing, "__doc__", "") or "").startswith("Alias for field") else None


def show_example(app: Any, context: Any, lines: list[str]) -> None:
    """Have a command's example, the lines up to an empty one, stand as it is typed."""
    text = "\n".join(lines)
    found = re.split(r"^Example: ", text, flags=re.MULTILINE)
    for i, example in enumerate(found[1:], 1):
        typed, *rest = example.split("\n\n", 1)
        typed = typed.strip().replace("\n", " \\\n        ")
        found[i] = "\n\n".join([f"Example::\n\n    {typed}", *rest])
    lines[:] = [*"".join(found).split("\n"), ""]


def widen_nothing(app: Any, doctree: nodes.document) -> None:
    """Have no name stand for the first thing called so, in whatever module it is."""
    for node in doctree.findall(pending_xref):
        node.attributes.pop("refspecific", None)


def resolve(app: Any, env: Any, node: nodes.Element, text: nodes.Element) -> nodes.Element | None:
    """Lead from `spec.BIAS` or `Pipeline`, in a docstring, to what its module means by it."""
    if node.get("refdomain") != "py":
        return None
    objects, target = env.get_domain("py").objects, node["reftarget"]
    name = meant(node.get("py:module") or "nibblestream", target)
    if name not in objects:
        dotted = "." in target or target[:1].isupper()
        found = [each for each in objects if dotted and each.endswith(f".{target}")]
        if len(found) != 1:
            return None
        name = found[0]
    entry = objects[name]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, text, name)


def meant(module: str, target: str) -> str:
    """Return the full name of what a module calls `target`, as far as it knows that name."""
    first, *rest = target.split(".")
    thing = getattr(sys.modules.get(module), first, None)
    if isinstance(thing, ModuleType):
        return ".".join([thing.__name__, *rest])
    where, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
    return ".".join([where, name, *rest])
