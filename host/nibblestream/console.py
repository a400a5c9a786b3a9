"""What a program says on its terminal: progress bars, and warnings as one line each."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Advance = Callable[[int], object]


@contextmanager
def progress_bar(total: int | None, unit: str, *, shown: bool = True) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs, if that is a terminal.

    Parameters
    ----------
    total : int, optional
        None: not known.
    unit : str
        What is counted.
    shown : bool
        False shows none anywhere.

    Yields
    ------
    callable
        Takes how many more are done.
    """
    if not shown or not sys.stderr.isatty():
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True) as bar:
        yield bar.update


def warn_in_one_line() -> None:
    """Print each warning of this process as one line."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"warning: {message}", file=sys.stderr)

    warnings.showwarning = show
