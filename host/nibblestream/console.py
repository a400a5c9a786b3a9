"""Terminal output: progress bars and one-line warnings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Advance = Callable[[int], object]


@contextmanager
def progress_bar(total: int | None, unit: str, *, shown: bool = True) -> Iterator[Advance]:
    """Show a progress bar on standard error while the block runs, if it is a terminal.

    Parameters
    ----------
    total : int, optional
        Number of units of work; None if unknown.
    unit : str
        Name of the unit.
    shown : bool
        False disables the bar.

    Yields
    ------
    callable
        Advances the bar by the given number of units.
    """
    if not shown or sys.stderr is None or not sys.stderr.isatty():
        yield lambda count: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True) as bar:
        yield bar.update


def warn_in_one_line() -> None:
    """Make this process print each warning as one line on standard error."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"warning: {message}", file=sys.stderr)

    warnings.showwarning = show
