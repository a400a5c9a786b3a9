"""Sphinx's settings: `python -m sphinx -W docs build/docs` makes the pages, without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "host")]

import reference  # noqa: E402

import nibblestream  # noqa: E402

reference.write(HERE / "reference")

project = "Nibblestream"
author = copyright = "the Nibblestream authors"
release = nibblestream.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_title = f"Nibblestream {release}"
html_show_sourcelink = html_copy_source = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more: shapes, dtypes, formats
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
default_role = "py:obj"
smartquotes = False  # which would make one dash of the two before an option


def setup(app: Any) -> None:
    """Have names in docstrings lead to what they mean, and examples stand as they are typed."""
    app.connect("autodoc-skip-member", reference.without_aliases)
    app.connect("sphinx-click-process-description", reference.show_example)
    app.connect("doctree-read", reference.widen_nothing)
    app.connect("missing-reference", reference.resolve)
