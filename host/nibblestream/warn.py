"""Warnings as a program shows them: a line on the terminal, not a place in the source."""

from __future__ import annotations

import sys
import warnings
from typing import Any


def warn_in_one_line() -> None:
    """Print each warning of this process as one line."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"warning: {message}", file=sys.stderr)

    warnings.showwarning = show
