"""Choice of a notebook's backend: the available one nearest to the hardware."""

from __future__ import annotations

import textwrap
from itertools import takewhile
from typing import Final

from ..studies.bench import at_hand

WIDTH: Final = 100  # columns of printed text
NEAREST_FIRST: Final = {
    "pynq": "the overlay on this board",
    "virtual": "a board's driver and the pynq package; the board is a model around the kernels",
    "csim": "the kernels' C++, compiled and called in this process",
    "emu": "the board's integers, computed in NumPy",
}


def backend() -> str:
    """Choose the available backend nearest to the hardware, and print why nearer ones are not.

    On a machine with a compiler, the first call compiles the kernels, which takes some seconds.

    Returns
    -------
    str
        "pynq", "virtual", "csim" or "emu"; all give the same bits.
    """
    lacking = {name: at_hand.lacks(name) for name in NEAREST_FIRST}
    found = next(name for name, why in lacking.items() if not why)  # emu is always available
    for name in takewhile(lambda name: name != found, lacking):
        _say(f"not {name!r}: {lacking[name]}")
    _say(f"backend {found!r}: {NEAREST_FIRST[found]}")
    return found


def _say(text: str) -> None:
    print(textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False))
