"""Progress bars: tqdm's, imported only where one is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
